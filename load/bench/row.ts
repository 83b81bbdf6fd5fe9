// One figure of a benchmark: several values, a baseline from the same run where there is one, and a goal where there is one.

export interface Goal {
  readonly op: '<=' | '>=';
  readonly value: number;
  /** `value` is about the ratio to the baseline, not about the figure itself. */
  readonly ofRatio?: boolean;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly baseline?: readonly number[];
  /** What the baseline is, in a few words. */
  readonly baselineName?: string;
  readonly goal?: Goal;
  /** Set when the row could not be measured: why, and what would change it. Its values are empty then. */
  readonly notRun?: string;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Median of the baseline, and median of the figure divided by it. */
  readonly baseline: number | null;
  readonly baselineName: string | null;
  readonly notRun: string | null;
  readonly ratio: number | null;
  /** Smallest and largest ratio of the repeats; null when they were not paired. */
  readonly ratioSpread: readonly [number, number] | null;
  readonly goal: string | null;
  readonly met: boolean | null;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** A repeat that gave no number (null in JSON) counts for nothing, nor does its pair. */
function measuredOf(row: Row): { readonly values: readonly number[]; readonly baseline: readonly number[]; readonly paired: boolean } {
  const { values, baseline = [] } = row;
  const good = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value);
  if (baseline.length !== values.length) return { values: values.filter(good), baseline: baseline.filter(good), paired: false };
  const repeats = values.flatMap((value, i) => (good(value) && good(baseline[i]) ? [[value, baseline[i]] as const] : []));
  return { values: repeats.map(([value]) => value), baseline: repeats.map(([, beside]) => beside), paired: true };
}

/** Of values in ascending order: the one that this share of them is below. NaN of none. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** A row as one line of the table; what was not run has no figures and no verdict. Pairs of value and baseline of one repeat are divided before the median is taken. */
export function toFigure(row: Row): Figure {
  const { values, baseline, paired } = measuredOf(row);
  const { goal } = row;
  const none = values.length === 0;
  const ratios =
    none || baseline.length === 0 ? [] : paired ? values.map((value, i) => value / (baseline[i] ?? Number.NaN)) : [median(values) / median(baseline)];
  const ratio = ratios.length === 0 ? null : median(ratios);
  const judged = goal === undefined || none ? null : goal.ofRatio === true ? ratio : median(values);
  return {
    name: row.name,
    unit: row.unit,
    min: none ? Number.NaN : Math.min(...values),
    median: median(values),
    max: none ? Number.NaN : Math.max(...values),
    baseline: baseline.length === 0 ? null : median(baseline),
    baselineName: row.baselineName ?? null,
    notRun: row.notRun ?? (none ? 'nothing was measured' : null),
    ratio,
    ratioSpread: paired && ratios.length > 1 ? [Math.min(...ratios), Math.max(...ratios)] : null,
    goal: goal === undefined ? null : `${goal.op} ${goal.value.toLocaleString('en-US')}${goal.ofRatio === true ? 'x' : ''}`,
    met: goal === undefined || judged === null ? null : goal.op === '<=' ? judged <= goal.value : judged >= goal.value,
  };
}
