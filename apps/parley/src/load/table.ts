// Load runs as Markdown: a table for each machine, with the command that made each line.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadReport, readResultFile } from './result-file.ts';

const PROMISES = ['lost', 'doubled', 'reordered', 'gaps'] as const;
const HEAD = [
  'scenario',
  'verdict',
  'settings',
  PROMISES.join(' / '),
  'delivered',
  'ack p50 / p99, ms',
  'deliver p50 / p99, ms',
  'connect p99, ms',
  'date',
  'command',
];

/** Every result of a scenario in this folder, in the order of their names; other JSON files are named in `leftOut`. */
export async function readReports(folder: string): Promise<{ readonly reports: readonly LoadReport[]; readonly leftOut: readonly string[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  const files = await Promise.all(names.map((name) => readResultFile(join(folder, name)).catch(() => null)));
  return {
    reports: files.flatMap((file) => (file?.kind === 'scenario' ? [file.report] : [])),
    leftOut: names.filter((_, index) => files[index]?.kind !== 'scenario'),
  };
}

/** The same reports make the same text. Machines in alphabetical order, scenarios within, then by date. */
export function loadTable(reports: readonly LoadReport[]): string {
  const machines = Map.groupBy(reports, ({ machine }) => machine ?? 'A machine that nobody named');
  return [...machines]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([machine, runs]) =>
      [`### ${machine}`, '', row(HEAD), row(HEAD.map(() => '---')), ...runs.toSorted(byScenario).map((run) => row(cells(run)))].join('\n'),
    )
    .join('\n\n');
}

const byScenario = (a: LoadReport, b: LoadReport): number => (a.scenario === b.scenario ? (a.at < b.at ? -1 : 1) : a.scenario < b.scenario ? -1 : 1);

const row = (texts: readonly string[]): string => `| ${texts.map((text) => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;

function cells({ scenario, verdict, why, settings, counts, trends, at, command }: LoadReport): readonly string[] {
  const ms = (value: number | null | undefined): string => (value === null || value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0));
  const both = (name: string): string => (trends[name] === undefined ? '' : `${ms(trends[name]?.p50)} / ${ms(trends[name]?.p99)}`);
  const broken = PROMISES.some((name) => (counts[name] ?? 0) !== 0);
  const promises = PROMISES.map((name) => counts[name] ?? '?').join(' / ');
  return [
    scenario,
    verdict === 'passed' ? 'passed' : `**${verdict}**${why.length === 0 ? '' : `: ${why.join(' ')}`}`,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${typeof value === 'number' ? value.toLocaleString('en-US') : value}`)
      .join(', '),
    broken ? `**${promises}**` : promises,
    (counts.delivered ?? 0).toLocaleString('en-US'),
    both('ack_ms'),
    both('deliver_ms'),
    ms(trends.connect_ms?.p99),
    at.slice(0, 10),
    `\`${command}\``,
  ];
}
