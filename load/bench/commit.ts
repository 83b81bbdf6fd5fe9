// The commit of messages: the real service takes batches as its log hands them, and decides, writes, tells and relays them, on a real
// Postgres with fsync. Beside it, in the same run, one `prisma.create` at a time. CPU is the worker's: this process, without Postgres.
// Over 4 partitions with few and with many rows, and over 48 partitions, as a cluster has.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessages, migrationsFolder } from '@parley/messages';
import { openDatabase } from '@parley/messages/database';
import { createSeededRng, type EventLog, type Feed, type LogConsumer, type LogRecord, systemClock } from '@parley/ports';
import { ensureDatabase, migrate, startEmbeddedPostgres } from '@parley/postgres';
import { encodeRecord, partitionOf, type RoomCommand } from '@parley/protocol';
import { createLogger, type PgConnection } from '@parley/runtime';
import type { Row } from './row.ts';

/** Of the one process, and of a cluster. */
const PARTITIONS = { few: 4, many: 48 };
const ROOMS = 200;
const PEOPLE = 500;
const MEMBERS = 50;
const ROWS = 100_000;
const TEXT = 'x'.repeat(200);
/** What is handed over at once, so many times in one repeat: some ten to a hundred ms. A stream is more than one batch, which overlap. */
const SIZES = [
  { name: 'batches of 1', size: 1, count: 60, judged: false },
  { name: 'batches of 20', size: 20, count: 20, judged: false },
  { name: 'batches of 100', size: 100, count: 10, judged: true },
  { name: 'a stream, 500 waiting', size: 500, count: 2, judged: false },
  { name: 'a stream, 1,000 waiting', size: 1_000, count: 2, judged: true },
] as const;
type Size = (typeof SIZES)[number];
const REPEATS = 9;
/** Of each size. */
const WARM_UP = 20;
/** One at a time, in one repeat. */
const CREATES = 60;
/** Clients' clocks differ, so their time-ordered ids come somewhat out of order. */
const SKEW_MS = 2_000;

const rng = createSeededRng(11);
const ids = (count: number): string[] => Array.from({ length: count }, () => rng.id());

interface Driver {
  /** Hands records to the service at once, as its log would. */
  handle(commands: readonly RoomCommand[]): () => Promise<void>;
  stop(): Promise<void>;
}

/** Events a second, worker CPU of an event in us, and ms of each batch, at several batch sizes. */
export async function benchCommit(): Promise<Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-commit-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const database = async (name: string): Promise<PgConnection> => {
      await ensureDatabase(postgres.connection('postgres'), name);
      await migrate(postgres.connection(name), migrationsFolder);
      return postgres.connection(name);
    };
    await warmUp(await database('warm'));
    return [...(await measureGrowth(await database('few'))), ...(await measureMany(await database('many')))];
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Bench {
  readonly driver: Driver;
  readonly creates: Creates;
  /** The next posts. */
  batch(size: number): RoomCommand[];
}

async function open(connection: PgConnection, partitions: number): Promise<Bench> {
  const driver = await createDriver(connection, partitions);
  const speakers = await populate(driver);
  const creates = openCreates(connection, speakers);
  let posted = 0;
  const batch = (size: number): RoomCommand[] => Array.from({ length: size }, () => post(speakers, posted++));
  // The first batches compile: they are nobody's figure.
  for (let i = 0; i < 40; i++) await driver.handle(batch(100))();
  await creates.run(50);
  return { driver, creates, batch };
}

async function close({ driver, creates }: Bench): Promise<void> {
  await creates.close();
  await driver.stop();
}

/** A worker runs for days: what the program costs while it is compiled is nobody's figure. In a database of its own, so that the measured ones stay small. */
async function warmUp(connection: PgConnection): Promise<void> {
  const bench = await open(connection, PARTITIONS.many);
  for (let i = 0; i < WARM_UP; i++) for (const { size } of SIZES) await bench.driver.handle(bench.batch(size))();
  await bench.creates.run(500);
  await close(bench);
}

async function measureGrowth(connection: PgConnection): Promise<Row[]> {
  const bench = await open(connection, PARTITIONS.few);
  const few = await measureSizes(bench, SIZES, '4,000 rows');
  for (let rows = few.posted + 4_000; rows < ROWS; rows += 500) await bench.driver.handle(bench.batch(500))();
  const many = await measureSizes(bench, SIZES, '100,000 rows');
  await close(bench);
  return [...few.rows, ...many.rows];
}

async function measureMany(connection: PgConnection): Promise<Row[]> {
  const bench = await open(connection, PARTITIONS.many);
  const judged = SIZES.filter(({ judged }) => judged);
  const { rows } = await measureSizes(bench, judged, `4,000 rows, ${PARTITIONS.many} partitions`);
  await close(bench);
  return rows;
}

interface Measured {
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

/** Runs `work`, which writes `events` events, and notes how fast and at what CPU of this process. */
async function measured(into: Measured, events: number, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  into.perSecond.push((events * 1000) / (performance.now() - began));
  const { user, system } = process.cpuUsage(cpu);
  into.cpuUs.push((user + system) / events);
}

/** Sizes and baseline take turns, so that a noisy moment of the machine hits all of them. */
async function measureSizes({ driver, batch, creates }: Bench, of: readonly Size[], state: string): Promise<{ rows: Row[]; posted: number }> {
  const sizes = of.map((of) => ({ ...of, batches: fresh(), creates: fresh(), ms: [] as number[] }));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const of of sizes) {
      await measured(of.creates, CREATES, () => creates.run(CREATES));
      const runs = Array.from({ length: of.count }, () => driver.handle(batch(of.size)));
      await measured(of.batches, runs.length * of.size, async () => {
        for (const run of runs) {
          const start = performance.now();
          await run();
          of.ms.push(performance.now() - start);
        }
      });
    }
  }
  const rows = sizes.flatMap(({ name: what, judged, batches, creates, ms }): Row[] => {
    const name = `commit: ${what}, ${state}`;
    const rate = { unit: 'events/s', values: batches.perSecond, baseline: creates.perSecond };
    return [
      { name, ...rate, ...(judged ? { goal: { op: '>=', value: 20_000 } } : {}) },
      ...(judged ? [{ name: `${name}: over one create`, ...rate, goal: { op: '>=', value: 10, ofRatio: true } } as const] : []),
      {
        name: `${name}: worker CPU`,
        unit: 'us/event',
        values: batches.cpuUs,
        baseline: creates.cpuUs,
        ...(judged ? { goal: { op: '<=', value: 12 } } : {}),
      },
      { name: `${name}: all at once`, unit: 'ms', values: ms },
    ];
  });
  return { rows, posted: REPEATS * of.reduce((sum, { size, count }) => sum + size * count, 0) };
}

const fresh = (): Measured => ({ perSecond: [], cpuUs: [] });

interface Creates {
  run(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The baseline: one row of the message table at a time, as durable, as an application without a log writes it. It writes less than a commit does. */
function openCreates(connection: PgConnection, speakers: Speakers): Creates {
  const db = openDatabase(connection, 1);
  const room = rng.id();
  let seq = 0;
  return {
    async run(count) {
      for (let i = 0; i < count; i++) {
        seq += 1;
        const { author, clientId, time } = post(speakers, seq);
        await db.message.create({
          data: { room, seq, author, clientId, time, msgNo: seq, text: TEXT, deleted: false, reactions: {}, ver: seq },
        });
      }
    },
    async close() {
      await db.$disconnect();
    },
  };
}

/** The service, with a log that the bench is and a feed that takes everything: what they cost is another bench's figure. */
async function createDriver(database: PgConnection, partitions: number): Promise<Driver> {
  const logId = rng.id();
  const next = Array.from({ length: partitions }, () => 0);
  let consumer: LogConsumer | null = null;
  const ends = async () => ({ logId, partitions: next.map((to, partition) => ({ partition, from: 0, next: to })) });
  const log: EventLog = {
    append: async () => {},
    ends,
    consume: async (_topic, given) => {
      consumer = given;
      await given.start([...next.keys()], await ends());
      return { stop: async () => {}, ended: Promise.resolve() };
    },
  };
  const feed: Feed = { publish: async () => {}, subscribe: async () => ({ unsubscribe: async () => {} }), since: async () => null };
  const refuse = (): never => {
    throw new Error('Nobody is called in this bench.');
  };
  const service = createMessages({
    database,
    log,
    feed,
    internal: { call: refuse },
    verifier: { verify: refuse },
    clock: systemClock,
    rng,
    logger: createLogger({ level: 'error' }),
  });
  await service.start();
  return {
    handle: (commands) => {
      const records = commands.map((command): LogRecord => {
        const partition = partitionOf(command.room, partitions);
        const offset = next[partition] ?? 0;
        next[partition] = offset + 1;
        return { partition, key: command.room, value: encodeRecord(command), offset };
      });
      return () => (consumer as LogConsumer).handle(records);
    },
    stop: service.stop,
  };
}

interface Speakers {
  readonly rooms: readonly { readonly room: string; readonly members: readonly string[] }[];
}

async function populate(driver: Driver): Promise<Speakers> {
  const people = ids(PEOPLE);
  const rooms = ids(ROOMS).map((room, i) => ({ room, members: Array.from({ length: MEMBERS }, (_, m) => people[(i * 7 + m * 11) % PEOPLE] ?? '') }));
  const logged = (author: string) => ({ v: 1 as const, author, time: Date.now() });
  for (const { room, members } of rooms) {
    const owner = members[0] ?? '';
    const body = { kind: 'channel', name: 'Bench', topic: '', visibility: 'public', history: 'all' } as const;
    const commands: RoomCommand[] = [{ ...logged(owner), type: 'room.change', room, mver: 1, change: { type: 'room.created', body } }];
    for (const [i, user] of members.entries()) {
      commands.push({ ...logged(user), type: 'room.change', room, mver: i + 2, change: { type: 'member.joined', body: { user, role: 'member' } } });
    }
    await driver.handle(commands)();
  }
  return { rooms };
}

let clientTime = 0;
const clientIds = createSeededRng(12, { now: () => clientTime });

/** Post `nr`: every room and member has its turn, and client ids are new. */
function post({ rooms }: Speakers, nr: number): Extract<RoomCommand, { type: 'message.post' }> {
  const { room, members } = rooms[(nr * 31 + (nr >> 7)) % ROOMS] as Speakers['rooms'][number];
  const by = (nr * 17 + (nr >> 5)) % MEMBERS;
  const time = 1_700_000_000_000 + nr;
  clientTime = time + Math.round((by / MEMBERS) * SKEW_MS);
  return { v: 1, type: 'message.post', room, author: members[by] ?? '', time, clientId: clientIds.id(), body: { text: TEXT, replyTo: null } };
}
