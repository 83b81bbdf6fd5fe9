// A storm: 5,000 sockets are cut at once while their rooms talk, come back by the SDK's rules and go on from their places. How long until each
// of them has everything, how many database queries that cost, and how late messages were meanwhile for those who were not cut.
import { type ChildProcess, fork } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { Tokens } from '@parley/protocol';
import { LeanSocket, type LeanTally, newTally } from '../path/lean-socket.ts';
import { type Served, startServed } from '../path/served.ts';
import { type Part, type Point, pointOf } from '../results.ts';
import { percentile, type Row } from '../row.ts';
import { heard as heardOf } from '../runner/heard.ts';
import { until, wait } from '../runner/wait.ts';
import { createReturner, type Returner, type Tries } from './come-back.ts';
import type { OthersAsk, OthersJob, OthersSaid } from './others.ts';

export interface StormSize {
  /** People who are cut, and sockets of each. */
  readonly people: number;
  readonly each: number;
  readonly others: number;
  /** Beside the big one, which everybody is in. */
  readonly smallRooms: number;
  /** Messages a second. */
  readonly big: number;
  readonly small: number;
}

const SIZE: StormSize = { people: 1_000, each: 5, others: 50, smallRooms: 40, big: 10, small: 40 };
/** How long the measurement looks for those who come back. */
const BACK_MS = 30_000;
const ONLINE_MS = 60_000;
/** Sockets a second when they come for the first time: slower than the gateway admits them. */
const ARRIVALS = 500;
/** Between two looks at whether all are there. */
const LOOK_MS = 10;
const CALM_MS = 5_000;
const BETWEEN_MS = 5_000;

export interface Storm {
  /** Until the last, and until 99 of 100, were online and live in each room. */
  readonly backMs: number;
  readonly p99BackMs: number;
  readonly left: number;
  readonly gaps: number;
  readonly resets: number;
  /** Rooms of sockets that did not end at the head. */
  readonly incomplete: number;
  readonly queries: number;
  readonly dialled: number;
  readonly othersP99: number;
  readonly othersMax: number;
  readonly calmP99: number;
  readonly delayMax: number;
  readonly cpu: number;
  /** Ms after the cut at which each was back, sorted. */
  readonly times: readonly number[];
  readonly refused: Readonly<Record<string, number>>;
}

interface Crowd {
  readonly sockets: readonly LeanSocket[];
  readonly tally: LeanTally;
  readonly tries: Tries;
  /** Socket -> when it was last live in each room. */
  readonly backAt: Map<LeanSocket, number>;
  stop(): void;
}

/**
 * Statements that people who come back may cause: every one of the databases that answer them but those that write what is said, which goes on
 * all the time. The log's and the notifications' are all of that kind.
 */
const isResume = (query: string): boolean =>
  /^parley_(messages|accounts|rooms): /.test(query) && !/commit_batch|load_batch|log_position|outbox|: (BEGIN|COMMIT|ROLLBACK|SET|SHOW)/.test(query);

export async function runStorms(size: StormSize, times: number, nodeArgs: readonly string[] = []): Promise<Storm[]> {
  const served = await startServed({}, nodeArgs);
  const children: ChildProcess[] = [];
  let crowd: Crowd | null = null;
  try {
    const people = await served.people(size.people + size.others);
    const [others, cut] = [people.slice(0, size.others), people.slice(size.others)];
    const rooms = await makeRooms(served, size, others, cut);
    crowd = await gather(served, size, cut);
    const child = startOthers(served, size, others, rooms);
    children.push(child);
    await heard(child, 'online');
    const storms: Storm[] = [];
    for (let i = 0; i < times; i++) {
      if (i > 0) await wait(BETWEEN_MS);
      storms.push(await storm(served, crowd, child));
    }
    return await complete(storms, crowd, child);
  } finally {
    crowd?.stop();
    for (const child of children) child.disconnect();
    await served.stop();
  }
}

async function makeRooms(served: Served, size: StormSize, others: readonly Tokens[], cut: readonly Tokens[]): Promise<string[]> {
  const rooms = [await served.room('storm', [...others, ...cut])];
  const share = Math.ceil(cut.length / size.smallRooms);
  for (let i = 0; i < size.smallRooms; i++)
    rooms.push(await served.room(`storm ${i}`, [others[i % others.length] as Tokens, ...cut.slice(i * share, (i + 1) * share)]));
  return rooms;
}

/** All who are to be cut, online. */
async function gather(served: Served, size: StormSize, people: readonly Tokens[]): Promise<Crowd> {
  const tally = newTally();
  const tries: Tries = { dialled: 0, unanswered: 0 };
  const backAt = new Map<LeanSocket, number>();
  const returners = new Map<LeanSocket, Returner>();
  const sockets: LeanSocket[] = [];
  const settled = (socket: LeanSocket): void => {
    if (!socket.resumed) return;
    for (const { live } of socket.rooms.values()) if (!live) return;
    if (!backAt.has(socket)) backAt.set(socket, performance.now());
  };
  const listener = {
    online: settled,
    live: settled,
    closed: (socket: LeanSocket, wasOnline: boolean, retryAfterMs: number | undefined) => {
      backAt.delete(socket);
      returners.get(socket)?.lost(wasOnline, retryAfterMs);
    },
  };
  for (const { accessToken } of people) for (let i = 0; i < size.each; i++) sockets.push(new LeanSocket({ token: accessToken, tally, listener }));
  for (const [i, socket] of sockets.entries()) {
    returners.set(socket, createReturner(socket, served, tries));
    socket.connect(served.host, served.port);
    if (i % 25 === 24) await wait((25 * 1_000) / ARRIVALS);
  }
  const crowd: Crowd = {
    sockets,
    tally,
    tries,
    backAt,
    stop: () => {
      for (const returner of returners.values()) returner.stop();
      for (const socket of sockets) socket.end();
    },
  };
  if (!(await until(() => backAt.size === sockets.length, ONLINE_MS, LOOK_MS))) {
    crowd.stop();
    throw new Error(`${backAt.size} of ${sockets.length} came online: ${JSON.stringify(tally)}`);
  }
  return crowd;
}

async function storm(served: Served, crowd: Crowd, others: ChildProcess): Promise<Storm> {
  const { sockets, tally, tries, backAt } = crowd;
  await asked(others, 'measure', 'measuring');
  await wait(CALM_MS);
  const calm = await asked(others, 'look', 'figures');
  await asked(others, 'measure', 'measuring');
  await Promise.all([served.statements(), served.delay()]);
  const cpu = await served.cpu();
  const before = { gaps: tally.gaps, resets: tally.resets, dialled: tries.dialled, refused: { ...tally.refused } };
  const began = performance.now();
  for (const socket of sockets) socket.cut();
  backAt.clear();
  await until(() => backAt.size === sockets.length, BACK_MS, LOOK_MS);
  const figures = await asked(others, 'look', 'figures');
  const [statements, delay, cpuAfter] = [await served.statements(), await served.delay(), await served.cpu()];
  const times = [...backAt.values()].map((at) => at - began).sort((a, b) => a - b);
  const reads = Object.entries(statements).filter(([query]) => isResume(query));
  const made: Storm = {
    backMs: times.at(-1) ?? Number.NaN,
    p99BackMs: percentile(times, 0.99),
    left: sockets.length - times.length,
    gaps: tally.gaps - before.gaps + figures.gaps,
    resets: tally.resets - before.resets,
    incomplete: 0,
    queries: reads.reduce((sum, [, calls]) => sum + calls, 0) / sockets.length,
    dialled: tries.dialled - before.dialled,
    othersP99: figures.p99,
    othersMax: figures.max,
    calmP99: calm.p99,
    delayMax: delay.max,
    cpu: (cpuAfter.node - cpu.node) / (times.at(-1) ?? Number.NaN),
    times,
    refused: Object.fromEntries(Object.entries(tally.refused).map(([code, count]) => [code, count - (before.refused[code] ?? 0)])),
  };
  console.log(`  ${JSON.stringify({ ...made, times: undefined, calls: Object.fromEntries(reads.sort((a, b) => b[1] - a[1]).slice(0, 8)) })}`);
  return made;
}

/** When nothing more is said, everybody must be at the head of each room. */
async function complete(storms: Storm[], crowd: Crowd, others: ChildProcess): Promise<Storm[]> {
  const { heads } = await asked(others, 'quiet', 'heads');
  let incomplete = 0;
  for (const { rooms } of crowd.sockets) for (const { id, seq } of rooms.values()) if (heads[id] !== undefined && heads[id] !== seq) incomplete += 1;
  const last = storms.at(-1);
  return last === undefined ? storms : [...storms.slice(0, -1), { ...last, incomplete }];
}

function startOthers(served: Served, size: StormSize, others: readonly Tokens[], rooms: readonly string[]): ChildProcess {
  const [big = '', ...small] = rooms;
  const job: OthersJob = {
    servers: [{ host: served.host, port: served.port }],
    people: others.map(({ accessToken }, i) => ({ token: accessToken, rooms: [big, ...small.filter((_, at) => at % others.length === i)] })),
    big: size.big,
    small: size.small,
  };
  const file = fileURLToPath(new URL('./others.ts', import.meta.url));
  return fork(file, [JSON.stringify(job)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

const heard = <K extends OthersSaid['said']>(child: ChildProcess, kind: K) => heardOf<OthersSaid, K>(child, kind, 'The process of those who are not cut');

function asked<K extends OthersSaid['said']>(child: ChildProcess, ask: OthersAsk['ask'], kind: K): ReturnType<typeof heard<K>> {
  const answer = heard(child, kind);
  child.send({ ask } satisfies OthersAsk);
  return answer;
}

/** `--only storm`: one installation, some storms one after the other. */
export async function benchStorm(repeats: number): Promise<Part> {
  const storms = await runStorms(SIZE, Math.min(repeats, 3));
  const sockets = SIZE.people * SIZE.each;
  const row = (name: string, unit: string, key: keyof Storm, goal?: Row['goal']): Row => ({
    name: `storm of ${sockets} sockets: ${name}`,
    unit,
    values: storms.map((one) => Number(one[key])),
    ...(goal === undefined ? {} : { goal }),
  });
  return {
    rows: [
      row('all back and live in each room', 'ms', 'backMs', { op: '<=', value: 15_000 }),
      row('99 of 100 back', 'ms', 'p99BackMs'),
      row('not back', '', 'left', { op: '<=', value: 0 }),
      row('gaps and repeats', '', 'gaps', { op: '<=', value: 0 }),
      row('rooms reset', '', 'resets', { op: '<=', value: 0 }),
      row('rooms not complete in the end', '', 'incomplete', { op: '<=', value: 0 }),
      row('database queries per resume', '', 'queries', { op: '<=', value: 0.1 }),
      row('send to deliver p99 of others meanwhile', 'ms', 'othersP99', { op: '<=', value: 100 }),
      row('send to deliver p99 of others before', 'ms', 'calmP99'),
      row('connections tried', '', 'dialled'),
      row('longest pause of the event loop', 'ms', 'delayMax'),
      row('CPU of Parley', 'cores', 'cpu'),
    ],
    series: [
      {
        id: 'storm-back',
        title: `${sockets} sockets cut at once: how many are back`,
        x: { label: 's after the cut' },
        y: { label: 'sockets' },
        lines: [{ name: 'back and complete', points: curve(storms) }],
      },
    ],
  };
}

function curve(storms: readonly Storm[]): Point[] {
  const last = Math.max(...storms.map(({ backMs }) => backMs));
  const points: Point[] = [];
  for (let ms = 0; ms <= last + 250; ms += 250) {
    const counts = storms.map(({ times }) => times.filter((at) => at <= ms).length);
    points.push(pointOf(ms / 1_000, counts));
  }
  return points;
}
