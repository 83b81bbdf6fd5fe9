// What a run says at its end: a few lines on the terminal, one HTML page and one JSON file, each with its time in its name and as the newest.
import { MUST_BE_ZERO } from './counts.ts';
import { COURSE } from './crowd.ts';
import { HEALTH } from './health.ts';
import { keyToKeep, resultsFolder, type Seeded } from './people.ts';
import { htmlOf } from './report-html.ts';
import type { LoadReport, ThresholdReport, TrendReport, Verdict } from './report-json.ts';
import { type Env, type NumberSetting, type Settings, targetUrl } from './settings.ts';

declare const __ENV: Env;

/** The part of k6's end-of-test data that is read here. */
export interface SummaryData {
  readonly metrics: Readonly<
    Record<
      string,
      { readonly type: string; readonly values: Readonly<Record<string, number>>; readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>> }
    >
  >;
  readonly state: { readonly testRunDurationMs: number };
  readonly setup_data?: Seeded;
}

type Specs = Readonly<Record<string, NumberSetting>>;

export interface Ran<T extends Specs> {
  readonly scenario: string;
  /** One sentence: what was done. */
  readonly what: string;
  readonly specs: T;
  readonly settings: Settings<T>;
}

const OURS = 'parley_';

function trendOf(values: Readonly<Record<string, number>>): TrendReport {
  const count = values.count ?? 0;
  const at = (key: string): number | null => (count === 0 ? null : (values[key] ?? null));
  return { count, min: at('min'), avg: at('avg'), p50: at('p(50)'), p90: at('p(90)'), p95: at('p(95)'), p99: at('p(99)'), max: at('max') };
}

const MEANS: Readonly<Record<string, string>> = {
  lost: 'deliveries never came',
  doubled: 'events came twice',
  reordered: 'events came after later ones',
  gaps: 'events were passed over without a word',
  unanswered: 'messages had no answer at the end',
  rejected: 'messages were refused for good',
  away: 'sockets had not come back at the end',
  gone: 'times somebody was told that a room is not theirs any more',
};

function reasons(counts: Readonly<Record<string, number>>, thresholds: readonly ThresholdReport[], seeded: boolean): string[] {
  if (!seeded) return ['The run ended before its people were ready: what k6 printed says why.'];
  const why: string[] = [];
  if ((counts.overloaded ?? 0) > 0) {
    why.push(
      'The generator was the bottleneck: its own timers came late, so its figures say nothing of Parley. Let it do less (fewer PEOPLE, ROOMS or RATE), or run k6 on a machine of its own.',
    );
  }
  if ((counts.dropped ?? 0) > 0) why.push(`k6 dropped ${counts.dropped} iterations: it could not start what was planned.`);
  for (const { metric, rule, ok } of thresholds) {
    const value = counts[metric];
    if (!ok && metric === 'finished')
      why.push('The run did not come to its end, so nobody knows what was lost: let it end by itself, with a greater SETTLE if need be.');
    else if (!ok)
      why.push(
        value !== undefined && MEANS[metric] !== undefined
          ? `${value} ${MEANS[metric]}.`
          : `${metric} did not hold ${rule}${value === undefined ? '' : ` (it was ${value})`}.`,
      );
  }
  return why;
}

function verdictOf(counts: Readonly<Record<string, number>>, why: readonly string[]): Verdict {
  if ((counts.overloaded ?? 0) > 0 || (counts.dropped ?? 0) > 0) return 'no-verdict';
  return why.length === 0 ? 'passed' : 'failed';
}

/** What makes this run again. */
function commandOf<T extends Specs>(ran: Ran<T>, target: string): string {
  const names = Object.keys(ran.specs).filter((name) => ran.settings[name] !== ran.specs[name]?.default);
  const set = names.map((name) => `${name}=${ran.settings[name]}`);
  return [...(target === 'http://127.0.0.1:8080' ? [] : [`PARLEY_URL=${target}`]), ...set, `k6 run load/${ran.scenario}.ts`].join(' ');
}

function reportOf<T extends Specs>(ran: Ran<T>, data: SummaryData): LoadReport {
  const counts: Record<string, number> = {};
  const trends: Record<string, TrendReport> = {};
  const thresholds: ThresholdReport[] = [];
  for (const name of Object.keys(data.metrics).sort()) {
    const metric = data.metrics[name];
    if (metric === undefined || !name.startsWith(OURS)) continue;
    const short = name.slice(OURS.length);
    if (metric.type === 'trend') trends[short] = trendOf(metric.values);
    else counts[short] = metric.values.count ?? 0;
    for (const [rule, { ok }] of Object.entries(metric.thresholds ?? {})) thresholds.push({ metric: short, rule, ok });
  }
  const dropped = data.metrics.dropped_iterations?.values.count ?? 0;
  if (dropped > 0) counts.dropped = dropped;
  const target = targetUrl(__ENV);
  const why = reasons(counts, thresholds, data.setup_data !== undefined && data.setup_data !== null);
  return {
    schema: 1,
    scenario: ran.scenario,
    at: new Date().toISOString(),
    seconds: Math.round(data.state.testRunDurationMs / 100) / 10,
    target,
    machine: __ENV.PARLEY_MACHINE ?? null,
    command: commandOf(ran, target),
    k6: data.setup_data?.k6 ?? null,
    settings: { ...ran.settings },
    verdict: verdictOf(counts, why),
    why,
    counts,
    trends,
    thresholds,
  };
}

const number = (value: number | null): string => (value === null ? '-' : Number.isInteger(value) ? String(value) : value.toFixed(1));

function textOf(report: LoadReport, what: string, page: string): string {
  const held = (metric: string): string => (report.thresholds.some((threshold) => threshold.metric === metric && !threshold.ok) ? '!' : ' ');
  const counts = Object.entries(report.counts).map(([name, value]) => `  ${held(name)} ${name.padEnd(20)} ${value}`);
  const trends = Object.entries(report.trends).map(
    ([name, { count, p50, p95, p99, max }]) =>
      `  ${held(name)} ${name.padEnd(20)} p50 ${number(p50)}  p95 ${number(p95)}  p99 ${number(p99)}  max ${number(max)}  (${count} samples)`,
  );
  const verdict = { passed: 'passed', failed: 'FAILED', 'no-verdict': 'no verdict' }[report.verdict];
  return [`\n${report.scenario}: ${verdict}. ${what}`, ...report.why.map((line) => `  ! ${line}`), ...counts, ...trends, `  report: ${page}`, ''].join('\n');
}

/** For k6's handleSummary: stdout, NAME.json and NAME.html, the same with the time in the name, and the load key for the next run. */
export function summarise<T extends Specs>(ran: Ran<T>, data: SummaryData): Record<string, string> {
  const report = reportOf(ran, data);
  const json = `${JSON.stringify(report, null, 1)}\n`;
  const html = htmlOf(report, ran.what, MUST_BE_ZERO);
  const folder = resultsFolder();
  const dated = `${folder}/${report.scenario}-${report.at.slice(0, 19).replaceAll(':', '-')}`;
  const latest = `${folder}/${report.scenario}`;
  return {
    stdout: `${textOf(report, ran.what, `${latest}.html`)}\n`,
    [`${dated}.json`]: json,
    [`${dated}.html`]: html,
    [`${latest}.json`]: json,
    [`${latest}.html`]: html,
    ...keyToKeep(data.setup_data),
  };
}

/** The settings that every scenario has besides its own. */
export const COMMON = { ...COURSE, ...HEALTH } as const;
