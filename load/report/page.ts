// `node load/report/page.ts`: the figures of docs/performance.md and its plots, from docs/performance/results.json, which `npm run bench -- --keep`
// fills; the tables of docs/scale.md; and docs/load-results.md, from the load runs that were kept. Between markers only: what people wrote stays.
// `npm run check` holds the pages and the plots to the files.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTable, readReports } from '@parley/cli/load-table';
import { type KeptPart, type Results, readResults } from '../bench/results.ts';
import { type Figure, toFigure } from '../bench/row.ts';
import { show } from '../bench/runner/show-row.ts';
import { plotSvg } from './plot.ts';
import { type Section, sectionsOf } from './sections.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = 'docs/performance.md';
const FOLDER = 'docs/performance';
export const RESULTS = `${FOLDER}/results.json`;
const SCALE_PAGE = 'docs/scale.md';
const BEGIN = '<!-- Made by `node load/report/page.ts`: change nothing down to the end mark. -->';
const END = '<!-- End of what is made. -->';

const LOAD_PAGE = 'docs/load-results.md';
/** Results of load runs that are committed. */
const KEPT = 'load/results/kept';
const LOAD_INTRO = `# Results of load runs

<!-- Made by \`node load/report/page.ts\` from ${KEPT}. Change nothing here. -->

What the k6 scenarios of \`load/\` measured, by machine, with the command that made each line. A run is kept by copying its JSON from \`load/results\` to \`${KEPT}\`; name the machine with
\`PARLEY_MACHINE\`. Two of them beside each other: \`npx parley load diff A B\`; a folder of your own as such a table: \`npx parley load table FOLDER\`.`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const anchor = (title: string): string =>
  `#${title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')}`;

/** The part of the page that is made. */
export function generated(results: Results): string {
  const sections = sectionsOf(Object.keys(results)).map((section) => ({ section, kept: results[section.part] as KeptPart }));
  const goals = sections.flatMap(({ section, kept }) =>
    kept.rows
      .filter(({ goal }) => goal !== undefined)
      .map(toFigure)
      .map((figure) => goalRow(section, figure)),
  );
  if (sections.length === 0) return 'Nothing was kept yet.';
  return [
    ...(goals.length === 0 ? [] : ['## Goals', table(['what', 'goal', 'measured', ''], goals)]),
    ...sections.flatMap(({ section, kept }) => sectionOf(section, kept)),
  ].join('\n\n');
}

/** Path of each plot -> its SVG. */
export function plotFiles(results: Results): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  for (const { part } of sectionsOf(Object.keys(results)))
    for (const series of results[part]?.series ?? []) {
      const path = `${FOLDER}/${series.id}.svg`;
      if (plots.has(path)) throw new Error(`Two plots are called ${series.id}: give one of them another id.`);
      plots.set(path, plotSvg(series));
    }
  return plots;
}

/** The page with this between its markers. Throws when it has not both of them once, in their order. */
export function filled(page: string, text: string): string {
  const [before, rest, ...more] = page.split(BEGIN);
  const [, after, ...others] = (rest ?? '').split(END);
  if (rest === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`The page must hold once each, in this order: ${BEGIN} ${END}`);
  return `${before}${BEGIN}\n\n${text}\n\n${END}${after}`;
}

/** The page of load runs. */
async function loadPage(root: string): Promise<string> {
  const folder = join(root, KEPT);
  const { reports, leftOut } = existsSync(folder) ? await readReports(folder) : { reports: [], leftOut: [] };
  if (leftOut.length > 0) throw new Error(`${KEPT} holds what is no result of a scenario: ${leftOut.join(', ')}`);
  return `${LOAD_INTRO}\n\n${reports.length === 0 ? 'Nothing was kept yet.' : loadTable(reports)}\n`;
}

/** Path -> what it should hold: the page of figures, its plots, and the page of load runs. */
async function measuredFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const results = await readResults(join(root, RESULTS));
  const page = filled(readFileSync(join(root, PAGE), 'utf8'), generated(results));
  return new Map([[PAGE, page], [LOAD_PAGE, await loadPage(root)], ...plotFiles(results)]);
}

/** The page that multiplies what was measured. Throws when a figure that it needs is not among the kept ones. */
async function scaleFile(root: string): Promise<ReadonlyMap<string, string>> {
  const { tables } = await import('../scale.ts');
  return new Map([[SCALE_PAGE, filled(readFileSync(join(root, SCALE_PAGE), 'utf8'), tables())]]);
}

/** Path -> what it should hold, of all that is made from results. */
export const reportFiles = async (root: string): Promise<ReadonlyMap<string, string>> => new Map([...(await measuredFiles(root)), ...(await scaleFile(root))]);

const goalRow = (section: Section, figure: Figure): readonly string[] => [
  `[${figure.name}](${anchor(section.title)})`,
  `${figure.goal}${figure.goal?.endsWith('x') === true ? ` of ${figure.baselineName ?? 'the baseline'}` : figure.unit === '' ? '' : ` ${figure.unit}`}`,
  figure.notRun !== null ? `not run: ${figure.notRun}` : figure.goal?.endsWith('x') === true ? ratioOf(figure) : `${show(figure.median)} ${figure.unit}`.trim(),
  verdictOf(figure),
];

const verdictOf = ({ met }: Figure): string => (met === null ? '' : met ? 'met' : '**not met**');

function sectionOf({ title, about }: Section, kept: KeptPart): readonly string[] {
  const figures = kept.rows.map(toFigure);
  return [
    `## ${title}`,
    `${about === '' ? '' : `${about} `}\`${kept.command}\`, ${kept.at.slice(0, 16).replace('T', ' ')} UTC, commit ${kept.commit}, ${kept.machine}.`,
    table(['figure', 'min / median / max', 'baseline', 'ratio', 'goal'], figures.map(figureRow)),
    ...(kept.series ?? []).map(({ id, title: name }) => `![${cell(name).replaceAll(']', ')')}](performance/${id}.svg)`),
  ];
}

const figureRow = (figure: Figure): readonly string[] => [
  figure.unit === '' ? figure.name : `${figure.name}, ${figure.unit}`,
  figure.notRun === null ? `${show(figure.min)} / ${show(figure.median)} / ${show(figure.max)}` : `not run: ${figure.notRun}`,
  figure.baseline === null ? '' : `${show(figure.baseline)}${figure.baselineName === null ? '' : `: ${figure.baselineName}`}`,
  ratioOf(figure),
  figure.goal === null ? '' : `${figure.goal}${figure.met === null ? '' : `: ${verdictOf(figure)}`}`,
];

function ratioOf({ ratio, ratioSpread }: Figure): string {
  if (ratio === null || !Number.isFinite(ratio)) return '';
  return ratioSpread === null ? `${show(ratio)}x` : `${show(ratio)}x (${show(ratioSpread[0])} to ${show(ratioSpread[1])})`;
}

/** Answers the paths that it wrote. */
async function write(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  for (const [path, text] of files) await writeFile(join(ROOT, path), text);
  return [...files.keys()];
}

if (import.meta.main) {
  await mkdir(join(ROOT, FOLDER), { recursive: true });
  const written = await write(await measuredFiles(ROOT));
  const old = (await readdir(join(ROOT, FOLDER))).map((name) => `${FOLDER}/${name}`).filter((path) => path.endsWith('.svg') && !written.includes(path));
  for (const path of old) await rm(join(ROOT, path));
  console.log(`written: ${written.join(', ')}${old.length === 0 ? '' : `; removed: ${old.join(', ')}`}`);
  // Last: what was measured is shown even when the arithmetic misses a figure.
  console.log(`written: ${(await write(await scaleFile(ROOT))).join(', ')}`);
}
