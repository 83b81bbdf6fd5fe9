// `--only scaling`, row 12: 1x, 2x, 4x of members, of rooms and of workers, each worker at the same load. What a delivery costs should not change.
import type { FanLine } from '../fan/fan.ts';
import { type Part, type Point, pointOf, type Series } from '../results.ts';
import { median, type Row } from '../row.ts';
import { fitLine } from './fit-line.ts';
import { type Bench, only, serverUs, withBench, wrong } from './run/measure.ts';
import { type SetupName, TITLES } from './run/setups.ts';

const TIMES = [1, 2, 4] as const;
type Times = (typeof TIMES)[number];

interface Axis {
  readonly name: string;
  readonly setup: SetupName;
  /** Without any work but the writes, in the same run: what of the change is the machine's. */
  readonly bare?: SetupName;
  /** Deliveries/s of each worker are the same at every step. */
  at(times: Times): { readonly conns: number; readonly rooms: number; readonly rates: number; readonly workers?: number };
}

const AXES: readonly Axis[] = [
  { name: 'members of one room', setup: 'parley', bare: 'ws-frame', at: (times) => ({ conns: 500 * times, rooms: 1, rates: 80 / times }) },
  { name: 'rooms of 20', setup: 'parley', at: (times) => ({ conns: 1_000 * times, rooms: 50 * times, rates: 500 }) },
  { name: 'workers over Redis, 1,000 sockets each', setup: 'parley-redis', at: (times) => ({ conns: 1_000 * times, rooms: 50, rates: 250, workers: times }) },
];
const SHORT = { dur: '3s', warm: '1s', settle: '200ms' };
/** Change of the cost for each doubling that still counts as flat: less than this machine's own wandering. */
const FLAT_PERCENT = 10;

/** About 70 s a repeat. */
export const benchScaling = (repeats: number): Promise<Part> =>
  withBench('scaling', async (bench) => {
    const rows: Row[] = [];
    const lines: Series['lines'][number][] = [];
    for (const axis of AXES) {
      const why = bench.setups.missing(axis.setup);
      if (why !== null) {
        rows.push({ name: `scaling, ${axis.name}`, unit: 'us', values: [], notRun: why });
        continue;
      }
      const { measured, bare } = await measureAxis(bench, axis, repeats);
      rows.push(...rowsOf(axis, measured, bare));
      const points = TIMES.map((times) => pointOf(times, (measured.get(times) ?? []).map(serverUs)));
      lines.push({ name: axis.name, points }, { name: `${axis.name}, fitted`, points: fittedTo(points) });
    }
    const series: Series = {
      id: 'gateway-scaling',
      title: 'CPU of the workers for a delivery, each worker at the same load',
      x: { label: 'times as many', log: true },
      y: { label: 'us; dotted: the line fitted to it' },
      lines,
    };
    return { rows, series: [series] };
  });

/** By doubling, as its row. */
function fittedTo(points: readonly Point[]): readonly Point[] {
  const { slope, intercept } = fitLine(points.map(({ x, median: y }) => [Math.log2(x), y]));
  const at = (x: number): number => intercept + slope * Math.log2(x);
  return points.map(({ x }) => ({ x, min: at(x), median: at(x), max: at(x) }));
}

type Measured = ReadonlyMap<Times, readonly FanLine[]>;

interface Beside {
  readonly title: string;
  readonly measured: Measured;
}

async function measureAxis(bench: Bench, { setup, bare, at }: Axis, repeats: number): Promise<{ measured: Measured; bare: Beside | null }> {
  const fresh = (): Map<Times, FanLine[]> => new Map(TIMES.map((times) => [times, []]));
  const [measured, beside] = [fresh(), fresh()];
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const times of TIMES) {
      const { workers = 1, ...work } = at(times);
      const run = async (name: SetupName): Promise<FanLine> => only(await bench.run(name, { rooms: work.rooms, workers }, { ...work, ...SHORT }));
      measured.get(times)?.push(await run(setup));
      if (bare !== undefined) beside.get(times)?.push(await run(bare));
    }
  }
  return { measured, bare: bare === undefined ? null : { title: TITLES[bare], measured: beside } };
}

const costsOf = (measured: Measured, times: Times): number[] => (measured.get(times) ?? []).map(serverUs);

/** By doubling, one line for each repeat: the points of a repeat belong to one moment. */
function changes(measured: Measured): { percent: number[]; r2: number[] } {
  const costs = (times: Times): number[] => costsOf(measured, times);
  const middle = median(TIMES.flatMap(costs));
  const fits = costs(1).map((_, repeat) => fitLine(TIMES.map((times) => [Math.log2(times), costs(times)[repeat] ?? Number.NaN])));
  return { percent: fits.map(({ slope }) => (slope / middle) * 100), r2: fits.map(({ r2 }) => r2) };
}

function rowsOf({ name }: Axis, measured: Measured, bare: Beside | null): Row[] {
  const { percent, r2 } = changes(measured);
  return [
    ...TIMES.map(
      (times): Row => ({
        name: `scaling, ${name}, ${times}x: CPU for a delivery`,
        unit: 'us',
        values: costsOf(measured, times),
        ...(bare === null ? {} : { baseline: costsOf(bare.measured, times), baselineName: bare.title }),
      }),
    ),
    {
      name: `scaling, ${name}: change for each doubling, by the fitted line`,
      unit: '%',
      values: percent,
      goal: { op: '<=', value: FLAT_PERCENT },
    },
    ...(bare === null ? [] : [{ name: `scaling, ${name}: the same change of ${bare.title}`, unit: '%', values: changes(bare.measured).percent }]),
    { name: `scaling, ${name}: r2 of the line`, unit: '', values: r2 },
    {
      name: `scaling, ${name}: lost, doubled or out of order`,
      unit: '',
      values: TIMES.flatMap((times) => measured.get(times) ?? []).map(wrong),
      goal: { op: '<=', value: 0 },
    },
  ];
}
