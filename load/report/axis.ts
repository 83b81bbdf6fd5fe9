// One axis of a plot: which values it shows, where each of them is, and which are written beside it. Pure.

export interface Axis {
  readonly from: number;
  readonly to: number;
  /** Values that are written, ascending, all within. */
  readonly ticks: readonly number[];
  /** 0 at `from`, 1 at `to`; values outside are held to the border. */
  at(value: number): number;
}

export interface AxisWish {
  readonly log: boolean;
  /** It begins and ends where the values do; else it ends at ticks, and a linear one begins at 0, so that lengths can be compared. */
  readonly tight: boolean;
  /** At most about as many ticks. */
  readonly most: number;
}

const STEPS = [1, 2, 5, 10];

/** Values that are not above 0 have no place on a logarithmic axis and are ignored there. */
export function axisOf(values: readonly number[], { log, tight, most }: AxisWish): Axis {
  const usable = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const low = usable.length === 0 ? 1 : Math.min(...usable);
  const high = usable.length === 0 ? 10 : Math.max(...usable);
  const ends: readonly [number, number] = !tight
    ? [log ? low : Math.min(0, low), high]
    : low < high
      ? [low, high]
      : log
        ? [low / 2, low * 2]
        : [low - 1, low + 1];
  return log ? logAxis(ends, tight, most) : linearAxis(ends, tight, most);
}

function linearAxis([low, high]: readonly [number, number], tight: boolean, most: number): Axis {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => tidy((first + index) * step));
  const [from, to] = tight ? [low, high] : [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  return { from, to, ticks: ticks.filter((tick) => tick >= from && tick <= to), at: (value) => hold((value - from) / (to - from)) };
}

/** When not tight, from the 1, 2 or 5 of a decade below to the one above. Writes all of those where there is room, else the decades. */
function logAxis([low, high]: readonly [number, number], tight: boolean, most: number): Axis {
  const marks: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++)
    for (const factor of [1, 2, 5]) marks.push(tidy(factor * 10 ** power));
  const from = tight ? low : (marks.findLast((mark) => mark <= low * 1.0001) ?? low);
  const to = tight ? high : (marks.find((mark) => mark >= high * 0.9999 && mark > from) ?? high);
  const within = marks.filter((mark) => mark >= from && mark <= to);
  const decades = within.filter((mark) => Math.abs(Math.log10(mark) - Math.round(Math.log10(mark))) < 1e-6);
  const every = Math.max(1, Math.ceil(decades.length / most));
  const ticks = within.length <= most || decades.length < 2 ? within : decades.filter((_, index) => index % every === 0);
  const [a, b] = [Math.log(from), Math.log(to)];
  return { from, to, ticks, at: (value) => (value > 0 ? hold((Math.log(value) - a) / (b - a)) : 0) };
}

const hold = (share: number): number => Math.min(1, Math.max(0, share));
/** 0.30000000000000004 is 0.3. */
const tidy = (value: number): number => Number(value.toPrecision(12));

const SIZES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** `0.05`, `20`, `1.5k`, `2.3M`. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const [unit, letter] = size < 1_000 ? ([1, ''] as const) : (SIZES.find(([least]) => size >= least) ?? ([1, ''] as const));
  return `${Number((value / unit).toPrecision(3))}${letter}`;
}
