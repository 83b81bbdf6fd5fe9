// One simulated run: real gateways, messages and SDK in one process on ports that a seed makes fail; then everything heals, comes to rest
// and is judged by the one checker. The same seed is the same run, byte for byte.
import { createHash } from 'node:crypto';
import { createChecker, type FinalRoomRecord, type HistoryRecord, type Report } from '@parley/checker';
import { createMemoryStore, type Store } from '@parley/messages/memory';
import { createManualClock, createSeededRng, type ManualClock } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { TOPICS } from '@parley/protocol';
import { createLogger } from '@parley/runtime';
import { disturb } from './disturb.ts';
import { createPeople, type Device, type People } from './people.ts';
import { type Authority, createAuthority } from './world/authority.ts';
import { createFaults, type Faults } from './world/faults.ts';
import { createSimFetch } from './world/http.ts';
import { createLife } from './world/life.ts';
import { createNetwork } from './world/network.ts';
import { NOTHING_PLANTED, type Planted } from './world/planted.ts';
import { claimsOf, createServices, type Services } from './world/services.ts';
import { connectLog } from './world/sim-log.ts';

export interface SimOptions {
  /** How long people act and things go wrong, virtual ms. Default 12,000. */
  readonly activeMs?: number;
  /** A bug planted into the code under test. */
  readonly planted?: Planted;
  /** Every record, as it is made. */
  readonly onRecord?: (record: HistoryRecord) => void;
  readonly onNote?: (atMs: number, what: string) => void;
  readonly onHttp?: (atMs: number, what: string) => void;
  readonly onDevice?: (device: Device) => void;
  /** Lines of the services' own logs. */
  readonly onLog?: (line: string) => void;
}

export interface SimResult {
  readonly seed: number;
  readonly report: Report;
  /** Of every record and accident in order. */
  readonly trace: string;
  /** How long everything took to come to rest after healing, virtual ms; null: it did not, and `unrest` says what was still under way. */
  readonly restedMs: number | null;
  readonly unrest: string | null;
  /** Flushes of gateways that waited for company. */
  readonly waited: number;
  /** Every promise held, and it came to rest. */
  readonly ok: boolean;
}

const REST_MS = 90_000;
const LOOK_MS = 500;
/** At rest must stay at rest for this long: a comparison of heads comes by in it. */
const CALM_MS = 6_000;

interface World {
  readonly clock: ManualClock;
  readonly faults: Faults;
  readonly rows: Store;
  readonly services: Services;
  readonly authority: Authority;
  readonly people: People;
  readonly users: readonly string[];
  readonly write: (record: HistoryRecord) => void;
  readonly note: (what: string) => void;
  readonly accident: () => void;
}

function createWorld(seed: number, options: SimOptions, write: (record: HistoryRecord) => void, note: (atMs: number, what: string) => void): World {
  const clock = createManualClock();
  const rng = createSeededRng(seed * 2 + 1, clock);
  const faults = createFaults(createSeededRng(seed * 2 + 2));
  const logger = createLogger(options.onLog ? { level: 'debug', stream: { write: options.onLog } } : { level: 'silent' });
  const topics = {
    [TOPICS.roomCommand]: { partitions: 4 },
    [TOPICS.roomEvent]: { partitions: 4 },
    [TOPICS.sessionEvent]: { partitions: 1 },
    [TOPICS.accountEvent]: { partitions: 1 },
    // A planted mistake may make a command that cannot be decided, which is set aside there.
    [TOPICS.roomDead]: { partitions: 1 },
  };
  const log = createMemoryEventLog({ topics, clock, rng });
  const rows = createMemoryStore();
  let ticks = 0;
  const now = (): number => clock.monotonic() + ++ticks * 1e-7;
  const roomsLife = createLife('rooms', clock);
  const authority = createAuthority({
    log: connectLog(log, roomsLife, clock, faults),
    clock,
    rng,
    onJoin: (room, user) => write({ t: now(), asked: 'join', room, user }),
  });
  const services = createServices({
    world: clock,
    faults,
    rng,
    logger,
    log,
    rows,
    feed: createMemoryFeed({ clock }),
    presence: createMemoryPresence({ clock }),
    planted: options.planted ?? NOTHING_PLANTED,
    resend: (room, after) => authority.resend(room, after),
  });
  const network = createNetwork({ clock, faults, doors: () => services.gateways });
  const fetch = createSimFetch({
    clock,
    faults,
    backend: () => services.current()?.backend ?? null,
    userOf: (token) => claimsOf(token).sub,
    onCall: (what) => options.onHttp?.(clock.monotonic(), what),
  });
  const people = createPeople({ clock, rng, faults, network, fetch, write, now, onDevice: options.onDevice });
  const users = Array.from({ length: 4 }, () => rng.id());
  const noted = (what: string): void => note(clock.monotonic(), what);
  const accident = (): void => disturb({ clock, faults, services, network, people, authority, users, note: noted });
  return { clock, faults, rows, services, authority, people, users, write, note: noted, accident };
}

async function begin(world: World): Promise<void> {
  const { clock, services, authority, people, users, faults } = world;
  services.startWorker();
  await clock.advance(50);
  services.supervise(2);
  const [owner = '', ...others] = users;
  authority.create('since_join', owner, others.slice(0, 2));
  authority.create('all', owner, others);
  await clock.advance(200);
  for (const [i, user] of users.entries()) {
    for (let device = 0; device <= (i === 1 ? 1 : 0); device++) {
      const opened = people.add(user, `u${i}d${device}`);
      await clock.advance(faults.between(1, 100));
      await opened;
    }
  }
}

/** People act and accidents happen, until the time is over. */
async function act(world: World, activeMs: number): Promise<void> {
  const { clock, faults, people, services } = world;
  const end = clock.monotonic() + activeMs;
  const restarts = clock.every(700, () => services.supervise(2));
  while (clock.monotonic() < end) {
    await clock.advance(faults.between(1, 120));
    for (let i = faults.between(0, 2); i > 0; i--) people.act(faults.pick(people.devices));
    if (faults.between(1, 9) === 1) world.accident();
  }
  world.note('heal');
  faults.heal();
  for (const worker of services.workers) worker.life.resume();
  for (const gateway of services.gateways) gateway.life.resume();
  void restarts;
}

/** What keeps one device from rest; null: nothing. */
async function unrestOf(device: Device, world: World, ends: ReadonlyMap<string, number>): Promise<string | null> {
  const { state } = device.parley;
  if (state.status !== 'online') return state.status;
  const waiting = state.outbox.filter((entry) => entry.state !== 'failed').length;
  if (waiting > 0) return `${waiting} commands wait`;
  const mine = world.authority.rooms.filter((room) => room.members.has(device.user));
  if (state.rooms.size !== mine.length) return `${state.rooms.size} rooms instead of ${mine.length}`;
  const marks = new Map((await world.rows.roomSummaries(device.user, null)).map(({ room, read }) => [room, read]));
  for (const { id } of mine) {
    const room = state.rooms.get(id);
    if (room === undefined || room.summary === null) return `room ${id} is not loaded`;
    if (room.seq !== ends.get(id) || room.sync !== 'live') return `room ${id} is ${room.sync} at ${room.seq} of ${ends.get(id)}`;
    const mark = marks.get(id);
    if (room.read.n !== mark?.n || room.read.seq !== mark.seq)
      return `the mark of ${id} is ${room.read.seq}/${room.read.n}, on the server ${mark?.seq}/${mark?.n}`;
  }
  return null;
}

/** What is still under way: everybody online, everything sent decided, every place at its head, every mark told. */
async function unrest(world: World): Promise<string | null> {
  const { people, services, authority, rows } = world;
  if (!authority.idle()) return 'changes of rooms are not in the log';
  if (services.workers.length !== 1 || services.current() === null || services.gateways.length < 2) return 'processes are starting';
  const ends = new Map(Object.entries(await rows.heads(authority.rooms.map(({ id }) => id))));
  for (const device of people.devices) {
    const why = await unrestOf(device, world, ends);
    if (why !== null) return `${device.client}: ${why}`;
  }
  return null;
}

async function rest(world: World): Promise<number | string> {
  const { clock } = world;
  const began = clock.monotonic();
  let calmSince: number | null = null;
  for (;;) {
    await clock.advance(LOOK_MS);
    const why = await unrest(world);
    if (why !== null) calmSince = null;
    else calmSince ??= clock.monotonic();
    if (calmSince !== null && clock.monotonic() - calmSince >= CALM_MS) return calmSince - began;
    if (clock.monotonic() - began >= REST_MS) return why ?? 'rest comes and goes';
  }
}

async function finish(world: World): Promise<void> {
  const { rows, authority, people, write } = world;
  for (const { id, history, owner } of authority.rooms) {
    const { events } = await rows.events(id, 0, 1_000_000);
    const members = (await rows.members(owner, id, null, 1_000))?.members ?? [];
    write({ final: 'room', room: id, history, events, members } satisfies FinalRoomRecord);
  }
  for (const device of people.devices) {
    for (const [room, { seq, messages, from, read, summary }] of device.parley.state.rooms) {
      if (summary !== null) write({ final: 'view', client: device.client, user: device.user, room, seq, messages, from, read });
    }
  }
}

/** Runs one seed to its end. Never rejects for what the code under test does: that is for the report to say. */
export async function runSeed(seed: number, options: SimOptions = {}): Promise<SimResult> {
  const hash = createHash('sha256');
  const checker = createChecker();
  let over = false;
  const write = (record: HistoryRecord): void => {
    if (over) return;
    hash.update(JSON.stringify(record));
    options.onRecord?.(record);
    checker.add(record);
  };
  const note = (atMs: number, what: string): void => {
    hash.update(`${atMs} ${what}\n`);
    options.onNote?.(atMs, what);
  };
  const world = createWorld(seed, options, write, note);
  await begin(world);
  await act(world, options.activeMs ?? 12_000);
  const rested = await rest(world);
  await finish(world);
  over = true;
  const report = checker.report();
  for (const device of world.people.devices) void device.parley.close();
  for (const process of [...world.services.workers, ...world.services.gateways]) process.life.kill();
  const unrest = typeof rested === 'string' ? rested : null;
  return {
    seed,
    report,
    trace: hash.digest('hex'),
    restedMs: typeof rested === 'number' ? rested : null,
    unrest,
    waited: world.services.waited(),
    ok: report.ok && unrest === null,
  };
}
