// One room, many members, as many messages as it takes: whole path, each event durable before anybody sees it, each member's events counted
// and checked one by one. `hot`: many events for 200 members; `wide`: a ramp of deliveries to 1,000.
import { performance } from 'node:perf_hooks';
import { type Part, type Point, pointOf, type Series } from '../results.ts';
import { percentile, type Row } from '../row.ts';
import { until, wait } from '../runner/wait.ts';
import { LeanSocket, type LeanTally, markNow, newTally } from './lean-socket.ts';
import { type Served, startServed } from './served.ts';

const TEXT = 'x'.repeat(200);
/** Members whose deliveries are timed. */
const TIMED = 5;
const WARM_MS = 2_000;
/** Everything must have arrived this long after the last message was sent. */
const DRAIN_MS = 4_000;
const ONLINE_MS = 30_000;
/** Later than this at p99 and a rate is not carried. */
const P99_MS = 250;

export interface Step {
  readonly offered: number;
  /** Events a second, from the first message sent to the last one delivered to the last member. */
  readonly events: number;
  readonly deliveries: number;
  readonly p50: number;
  readonly p99: number;
  /** Deliveries that never came, and such that came out of turn. */
  readonly missing: number;
  readonly gaps: number;
  readonly refused: number;
  /** Cores. */
  readonly node: number;
  readonly postgres: number;
  readonly client: number;
  readonly held: boolean;
}

export interface Room {
  readonly served: Served;
  readonly room: string;
  readonly sockets: readonly LeanSocket[];
  readonly talkers: readonly LeanSocket[];
  readonly tally: LeanTally;
  readonly latencies: number[];
  /** Seq of the room's head when everybody was online. */
  head: number;
}

/** A room of `members` people, each with one socket; of them `talkers` post. The limit of a room is lifted. */
export async function openRoom(members: number, talkers: number, nodeArgs: readonly string[] = []): Promise<Room> {
  const served = await startServed({ limits: { roomSends: { burst: 20_000, perSecond: 20_000 }, appends: 5_000 } }, nodeArgs);
  try {
    const people = await served.people(members);
    const room = await served.room('bench', people);
    const tally = newTally();
    const latencies: number[] = [];
    const sockets = people.map(
      ({ accessToken }, i) => new LeanSocket({ token: accessToken, tally, timed: i < TIMED, listener: { latency: (ms) => latencies.push(ms) } }),
    );
    for (const [i, socket] of sockets.entries()) {
      socket.connect(served.host, served.port);
      if (i % 50 === 49) await wait(100);
    }
    const all = (): boolean => sockets.every((socket) => socket.rooms.size > 0 && [...socket.rooms.values()].every(({ live }) => live));
    if (!(await until(all, ONLINE_MS))) throw new Error(`Not everybody came online: ${JSON.stringify(tally)}`);
    for (const socket of sockets) socket.onlyRoom(room);
    const head = Math.max(...sockets.map((socket) => socket.rooms.get(room)?.seq ?? 0));
    return { served, room, sockets, talkers: sockets.slice(0, talkers), tally, latencies, head };
  } catch (error) {
    await served.stop();
    throw error;
  }
}

export async function closeRoom({ served, sockets }: Room): Promise<void> {
  for (const socket of sockets) socket.end();
  await served.stop();
}

/** Posts at the rate for this long, and waits until each member has each event. */
export async function step(of: Room, offered: number, ms: number): Promise<Step> {
  const { tally, latencies, sockets, room, served } = of;
  // What an earlier step was late with is its own.
  await until(() => sockets.every((socket) => (socket.rooms.get(room)?.seq ?? 0) >= of.head), DRAIN_MS);
  const before = { ...tally };
  const refusedBefore = sum(tally.refused);
  latencies.length = 0;
  const [cpu, self] = [await served.cpu(), process.cpuUsage()];
  const began = performance.now();
  const sent = await post(of, offered, ms);
  const want = of.head + sent;
  const everyone = (): boolean => sockets.every((socket) => (socket.rooms.get(room)?.seq ?? 0) >= want - (sum(tally.refused) - refusedBefore));
  await until(everyone, DRAIN_MS);
  const wall = performance.now() - began;
  const [cpuAfter, selfAfter] = [await served.cpu(), process.cpuUsage(self)];
  const refused = sum(tally.refused) - refusedBefore;
  const events = sent - refused;
  of.head += events;
  latencies.sort((a, b) => a - b);
  const missing = events * sockets.length - (tally.events - before.events);
  const p99 = percentile(latencies, 0.99);
  const gaps = tally.gaps - before.gaps + tally.resets - before.resets;
  return {
    offered,
    events: (events * 1_000) / wall,
    deliveries: ((tally.events - before.events) * 1_000) / wall,
    p50: percentile(latencies, 0.5),
    p99,
    missing,
    gaps,
    refused,
    node: (cpuAfter.node - cpu.node) / wall,
    postgres: (cpuAfter.postgres - cpu.postgres) / wall,
    client: (selfAfter.user + selfAfter.system) / 1_000 / wall,
    held: missing === 0 && gaps === 0 && refused === 0 && p99 <= P99_MS && tally.acks - before.acks === sent,
  };
}

async function post({ talkers, room }: Room, perSecond: number, ms: number): Promise<number> {
  const began = performance.now();
  const total = Math.floor((perSecond * ms) / 1_000);
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * perSecond) / 1_000));
    for (; sent < due; sent++) talkers[sent % talkers.length]?.post(room, markNow() + TEXT);
    await wait(1);
  }
  return sent;
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((all, one) => all + one, 0);

const HOT = { members: 200, talkers: 20, perSecond: 5_500, ms: 8_000 };

/** `--only hot`: one hot room of 200. */
export async function benchHot(repeats: number): Promise<Part> {
  const steps: Step[] = [];
  const room = await openRoom(HOT.members, HOT.talkers);
  try {
    await step(room, 1_000, WARM_MS);
    await step(room, 4_000, WARM_MS);
    for (let i = 0; i < repeats; i++) steps.push(told(await step(room, HOT.perSecond, HOT.ms)));
  } finally {
    await closeRoom(room);
  }
  const row = (name: string, unit: string, key: keyof Step, goal?: Row['goal']): Row => ({
    name: `hot room of ${HOT.members}, ${HOT.perSecond} events/s offered: ${name}`,
    unit,
    values: steps.map((one) => Number(one[key])),
    ...(goal === undefined ? {} : { goal }),
  });
  return {
    rows: [
      row('committed and delivered to all', 'events/s', 'events', { op: '>=', value: 5_000 }),
      row('deliveries', '/s', 'deliveries'),
      row('send to deliver p50', 'ms', 'p50'),
      row('send to deliver p99', 'ms', 'p99'),
      row('lost', '', 'missing', { op: '<=', value: 0 }),
      row('out of turn or skipped', '', 'gaps', { op: '<=', value: 0 }),
      row('refused', '', 'refused', { op: '<=', value: 0 }),
      row('Parley', 'cores', 'node'),
      row('Postgres', 'cores', 'postgres'),
      row('load client', 'cores', 'client'),
    ],
  };
}

const WIDE = { members: 1_000, talkers: 20, rates: [100, 250, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000], ms: 3_000 };

/** `--only wide`: 1,000 members, rising until a rate is not carried; then that rate once more, for a noisy moment must not end it. */
export async function benchWide(repeats: number): Promise<Part> {
  const ramps: Step[][] = [];
  const room = await openRoom(WIDE.members, WIDE.talkers);
  try {
    await step(room, 200, WARM_MS);
    await step(room, 600, WARM_MS);
    for (let i = 0; i < repeats; i++) ramps.push(await ramp(room));
  } finally {
    await closeRoom(room);
  }
  return { rows: wideRows(ramps), series: seriesOf(ramps) };
}

function wideRows(ramps: readonly Step[][]): Row[] {
  const best = ramps.flatMap((steps) => steps.filter(({ held }) => held).slice(-1));
  const at = (name: string, unit: string, key: keyof Step, goal?: Row['goal']): Row => ({
    name: `room of ${WIDE.members}, whole path: ${name}`,
    unit,
    values: best.map((one) => Number(one[key])),
    ...(best.length === 0 ? { notRun: 'not even the first rate was carried' } : {}),
    ...(goal === undefined ? {} : { goal }),
  });
  return [
    at('durable, gapless deliveries', '/s', 'deliveries', { op: '>=', value: 1_000_000 }),
    at('events at that', '/s', 'events'),
    at('send to deliver p50 at that', 'ms', 'p50'),
    at('send to deliver p99 at that', 'ms', 'p99'),
    at('lost at that', '', 'missing', { op: '<=', value: 0 }),
    at('out of turn or skipped at that', '', 'gaps', { op: '<=', value: 0 }),
    at('Parley at that', 'cores', 'node'),
    at('Postgres at that', 'cores', 'postgres'),
    at('load client at that', 'cores', 'client'),
  ];
}

async function ramp(room: Room): Promise<Step[]> {
  const steps: Step[] = [];
  for (const rate of WIDE.rates) {
    let one = told(await step(room, rate, WIDE.ms));
    if (!one.held) one = told(await step(room, rate, WIDE.ms));
    steps.push(one);
    if (!one.held) break;
  }
  return steps;
}

function told(one: Step): Step {
  const show = Object.entries(one).map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 100) / 100 : String(value)}`);
  console.log(`  ${show.join(', ')}`);
  return one;
}

function seriesOf(ramps: readonly Step[][]): Series[] {
  const line = (name: string, key: keyof Step) => ({ name, points: pointsOf(ramps.flat(), key) });
  const x = { label: 'messages/s sent to the room' };
  return [
    {
      id: 'path-wide-deliveries',
      title: `Whole path, one room of ${WIDE.members}: durable deliveries`,
      x,
      y: { label: 'deliveries/s' },
      lines: [line('Parley, one process', 'deliveries')],
      goal: 1_000_000,
    },
    {
      id: 'path-wide-latency',
      title: `Whole path, one room of ${WIDE.members}: send to deliver`,
      x,
      y: { label: 'ms', log: true },
      lines: [line('p50', 'p50'), line('p99', 'p99')],
    },
    {
      id: 'path-wide-cores',
      title: `Whole path, one room of ${WIDE.members}: CPU`,
      x,
      y: { label: 'cores' },
      lines: [line('Parley', 'node'), line('Postgres', 'postgres'), line('load client', 'client')],
    },
  ];
}

function pointsOf(steps: readonly Step[], key: keyof Step): Point[] {
  const byRate = new Map<number, number[]>();
  for (const one of steps) byRate.set(one.offered, [...(byRate.get(one.offered) ?? []), Number(one[key])]);
  return [...byRate].map(([x, values]) => pointOf(x, values));
}
