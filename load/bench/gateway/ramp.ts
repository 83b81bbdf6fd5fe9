// Row 1: one room of 1,000 on one worker, at 2,307 messages/s (2.3 million deliveries/s), and then faster until p99 is over 250 ms or anything is
// missing. The same ramp for the baselines, in the same run.
import type { FanLine, FanRun } from '../fan/fan.ts';
import { type Point, pointOf, type Series } from '../results.ts';
import { median, type Row } from '../row.ts';
import { type Bench, interleave, type Lines, linesOf, pairedRow, plainRow, serverCores, serverUs, wrong } from './run/measure.ts';
import { type SetupName, TITLES } from './run/setups.ts';

export const MEMBERS = 1_000;
/** 2,307,000 deliveries/s. */
const RATE = 2_307;
const NAMES = ['parley', 'socket-io', 'ws-joined', 'centrifugo'] as const;
/** Messages/s of those that write each message alone or join it only when they are late, and of those that always join. */
const RAMPS = { slow: '60,90,120,150,200,300,450,600,800,1000', fast: '60,300,1200,3000,5000,8000,12000,15000' };
const QUICK_RAMPS = { slow: '90,200,600', fast: '300,5000' };

const isHeld = (line: FanLine): boolean => line.verdict === 'ok';
const isFixed = (line: FanLine): boolean => line.rate === RATE;

/** The phase with the most deliveries/s that was held. */
function limitOf({ phases }: FanRun): FanLine {
  const held = phases.filter(isHeld);
  const best = held.reduce<FanLine | null>((most, line) => (most === null || line.deliveries_per_s > most.deliveries_per_s ? line : most), null);
  if (best === null) throw new Error(`Not even the lowest rate was held: ${phases.map((line) => `${line.rate}/s ${line.verdict}`).join(', ')}`);
  return best;
}

export interface Ramp {
  readonly rows: readonly Row[];
  readonly series: readonly Series[];
  /** Messages/s that Parley held. */
  readonly limit: number;
}

export async function measureRamp(bench: Bench, repeats: number, quick: boolean): Promise<Ramp> {
  const ramps = quick ? QUICK_RAMPS : RAMPS;
  const runs = await interleave(bench, NAMES, repeats, (name) => {
    const fast = name === 'parley' || name === 'ws-joined';
    const fixed = fast ? { rates: RATE, dur: '3s', warm: '1500ms' } : { rates: '' };
    return bench.run(
      name,
      { rooms: 1 },
      { conns: MEMBERS, rooms: 1, settle: '300ms', drain: '1500ms', ...fixed, ramp: fast ? ramps.fast : ramps.slow, rampdur: '1500ms' },
    );
  });
  const fixed = linesOf(new Map([...runs].filter(([name]) => name === 'parley' || name === 'ws-joined')), (run) => run.phases.find(isFixed) ?? limitOf(run));
  const limits = linesOf(runs, limitOf);
  return {
    rows: [...fixedRows(bench, fixed), ...limitRows(bench, limits)],
    series: [
      seriesOf(runs, 'gateway-cost', 'CPU of the server for a delivery, one room of 1,000', 'us', serverUs),
      seriesOf(runs, 'gateway-latency', 'p99 of a delivery, one room of 1,000', 'ms', (line) => line.p99_ms),
    ],
    limit: median((limits.get('parley') ?? []).map((line) => line.rate)),
  };
}

function fixedRows(bench: Bench, lines: Lines): Row[] {
  const name = 'gateway, room of 1,000, 2,307 msg/s';
  const beside = (what: string, unit: string, value: (line: FanLine) => number, goal?: Row['goal']): Row =>
    pairedRow(bench, lines, ['parley', 'ws-joined'], { name: `${name}: ${what}`, unit, value, ...(goal === undefined ? {} : { goal }) });
  return [
    beside('deliveries', '/s', (line) => line.deliveries_per_s, { op: '>=', value: 2_300_000 }),
    beside('cores of the worker', 'cores', serverCores, { op: '<=', value: 0.5 }),
    beside('CPU for a delivery', 'us', serverUs),
    beside('p99', 'ms', (line) => line.p99_ms, { op: '<=', value: 25 }),
    plainRow(bench, lines, 'parley', { name: `${name}: lost, doubled or out of order`, unit: '', value: wrong, goal: { op: '<=', value: 0 } }),
  ];
}

function limitRows(bench: Bench, lines: Lines): Row[] {
  const name = 'gateway, room of 1,000, as fast as is held';
  const rate = (against: SetupName, goal?: Row['goal']): Row =>
    pairedRow(bench, lines, ['parley', against], {
      name: `${name}: over ${TITLES[against]}`,
      unit: '/s',
      value: (line) => line.deliveries_per_s,
      ...(goal === undefined ? {} : { goal }),
    });
  return [
    rate('socket-io', { op: '>=', value: 10, ofRatio: true }),
    rate('centrifugo', { op: '>=', value: 3, ofRatio: true }),
    rate('ws-joined'),
    pairedRow(bench, lines, ['parley', 'ws-joined'], { name: `${name}: CPU for a delivery there`, unit: 'us', value: serverUs }),
    plainRow(bench, lines, 'parley', { name: `${name}: core of the worker there`, unit: 'cores', value: serverCores }),
    plainRow(bench, lines, 'parley', { name: `${name}: core of the load client there`, unit: 'cores', value: (line) => line.client_core_frac }),
  ];
}

/** Held phases only, by deliveries/s as asked. */
function seriesOf(runs: ReadonlyMap<SetupName, readonly FanRun[]>, id: string, title: string, unit: string, value: (line: FanLine) => number): Series {
  const lines = [...runs].map(([name, all]) => {
    const byRate = Map.groupBy(
      all.flatMap((run) => run.phases.filter(isHeld)),
      (line) => line.rate * MEMBERS,
    );
    const points = [...byRate].map(([x, held]): Point => pointOf(x, held.map(value))).sort((a, b) => a.x - b.x);
    return { name: TITLES[name], points };
  });
  return { id, title, x: { label: 'deliveries/s', log: true }, y: { label: unit, log: true }, lines };
}
