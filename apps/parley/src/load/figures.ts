// What of a result can be compared: its figures, each with its spread, which way is better, and whether it must be nothing.
import type { BenchResults, BenchRow, LoadReport } from './result-file.ts';

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  /** Smallest and largest of several repeats; null when there was one. */
  readonly spread: readonly [number, number] | null;
  readonly better: 'less' | 'more' | 'neither';
  /** Lost, doubled, reordered, ...: anything but 0 is a broken promise. */
  readonly mustBeZero: boolean;
  /** Differences up to this are those of the clock that it was taken by. */
  readonly grain: number;
}

/** What may never happen, by the names that scenarios and benches give it. */
const PROMISE = /\b(lost|doubled|duplicated?|reordered|out of order|gaps?|unanswered|incomplete|not back)\b/i;
/** k6 takes times in whole ms. */
const K6_GRAIN_MS = 1;

export function figuresOfScenario({ counts, trends, thresholds }: LoadReport): readonly Figure[] {
  const zero = (name: string): boolean => PROMISE.test(name) || thresholds.some(({ metric, rule }) => metric === name && /^count\s*==\s*0$/.test(rule));
  const once = { spread: null, grain: 0 } as const;
  return [
    ...Object.entries(counts).map(
      ([name, value]): Figure => ({ ...once, name, unit: '', median: value, better: zero(name) ? 'less' : 'neither', mustBeZero: zero(name) }),
    ),
    ...Object.entries(trends).flatMap(([name, trend]) =>
      (['p50', 'p95', 'p99'] as const).flatMap((at): Figure[] => {
        const value = trend[at];
        return value === null
          ? []
          : [{ ...once, grain: K6_GRAIN_MS, name: `${name.replace(/_ms$/, '')} ${at}`, unit: 'ms', median: value, better: 'less', mustBeZero: false }];
      }),
    ),
  ];
}

/** Of these parts only. Rows that were not run have no figure. */
export function figuresOfBench(results: BenchResults, parts: readonly string[]): readonly Figure[] {
  return parts.flatMap((part) => (results[part]?.rows ?? []).flatMap(figureOfRow));
}

function figureOfRow(row: BenchRow): readonly Figure[] {
  const values = row.values.filter((value) => value !== null).toSorted((a, b) => a - b);
  if (values.length === 0) return [];
  const half = values.length >> 1;
  const [at, below] = [values[half] ?? 0, values[half - 1] ?? 0];
  const mustBeZero = row.unit === '' && (PROMISE.test(row.name) || (row.goal?.op === '<=' && row.goal.value === 0));
  return [
    {
      name: row.name,
      unit: row.unit,
      median: values.length % 2 === 1 ? at : (at + below) / 2,
      spread: values.length === 1 ? null : [values[0] ?? 0, values.at(-1) ?? 0],
      better: mustBeZero ? 'less' : betterOf(row),
      mustBeZero,
      grain: 0,
    },
  ];
}

/** By its goal where it has one, else by its unit: of what is counted a second more is better, of times, memory and CPU less. */
function betterOf({ goal, unit }: BenchRow): Figure['better'] {
  if (goal !== undefined) return goal.op === '<=' ? 'less' : 'more';
  if (/\/s$/.test(unit)) return 'more';
  return /^(ms|us|s|cores?|[KMG]?i?B)\b/.test(unit) ? 'less' : 'neither';
}
