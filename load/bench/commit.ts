// The commit of messages: the real service takes batches as its log hands them, and decides, writes, tells and relays them, on a real
// Postgres with fsync. Beside it, in the same run, one `prisma.create` at a time. CPU is the worker's: this process, without Postgres.
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

const PARTITIONS = 4;
const ROOMS = 200;
const PEOPLE = 500;
const MEMBERS = 50;
const ROWS = 100_000;
const TEXT = 'x'.repeat(200);
/** Batch size -> batches in one measurement: some 2,000 to 5,000 events each, fewer where each is dear. */
const SIZES = [
  [1, 400],
  [20, 150],
  [100, 50],
  [500, 10],
] as const;
const REPEATS = 5;
const CREATES = 300;

const rng = createSeededRng(11);
const ids = (count: number): string[] => Array.from({ length: count }, () => rng.id());

interface Driver {
  /** Hands one batch to the service, as its log would. */
  handle(commands: readonly RoomCommand[]): () => Promise<void>;
  stop(): Promise<void>;
}

/** Events a second, worker CPU of an event in us, and ms of each batch, at several batch sizes with no and with 100,000 events in the tables. */
export async function benchCommit(): Promise<Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-commit-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const connection = postgres.connection('bench');
    await ensureDatabase(postgres.connection('postgres'), 'bench');
    await migrate(connection, migrationsFolder);
    return await measure(connection);
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(connection: PgConnection): Promise<Row[]> {
  const driver = await createDriver(connection);
  const speakers = await populate(driver);
  let posted = 0;
  const batch = (size: number): RoomCommand[] => Array.from({ length: size }, () => post(speakers, posted++));
  const rows: Row[] = [];
  // The first batches compile: they are nobody's figure.
  for (let i = 0; i < 40; i++) await driver.handle(batch(100))();
  await measureSizes(driver, batch, `${posted.toLocaleString('en')} events there`, await baseline(connection, batch), rows);
  while (posted < ROWS) await driver.handle(batch(500))();
  await measureSizes(driver, batch, '100,000 events there', await baseline(connection, batch), rows);
  await driver.stop();
  return rows;
}

async function measureSizes(
  driver: Driver,
  batch: (size: number) => RoomCommand[],
  state: string,
  creates: { perSecond: number[]; cpuUs: number[] },
  rows: Row[],
): Promise<void> {
  for (const [size, count] of SIZES) {
    const perSecond: number[] = [];
    const cpuUs: number[] = [];
    const ms: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const batches = Array.from({ length: Math.max(4, Math.round(count / REPEATS)) }, () => driver.handle(batch(size)));
      const cpu = process.cpuUsage();
      const began = performance.now();
      for (const run of batches) {
        const start = performance.now();
        await run();
        ms.push(performance.now() - start);
      }
      const events = batches.length * size;
      perSecond.push((events * 1000) / (performance.now() - began));
      const { user, system } = process.cpuUsage(cpu);
      cpuUs.push((user + system) / events);
    }
    const goal = size === 100;
    rows.push(
      {
        name: `commit: batches of ${size}, ${state}`,
        unit: 'events/s',
        values: perSecond,
        baseline: creates.perSecond,
        ...(goal ? { goal: { op: '>=', value: 15_000 } } : {}),
      },
      {
        name: `commit: batches of ${size}, ${state}: worker CPU`,
        unit: 'us/event',
        values: cpuUs,
        baseline: creates.cpuUs,
        ...(goal ? { goal: { op: '<=', value: 20 } } : {}),
      },
      { name: `commit: batches of ${size}, ${state}: one batch`, unit: 'ms', values: [median(ms)] },
    );
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** One row of the message table at a time, as an application without a log writes it. */
async function baseline(connection: PgConnection, batch: (size: number) => RoomCommand[]): Promise<{ perSecond: number[]; cpuUs: number[] }> {
  const db = openDatabase(connection, 1);
  const perSecond: number[] = [];
  const cpuUs: number[] = [];
  const room = rng.id();
  let seq = 0;
  const create = async (): Promise<void> => {
    const [command] = batch(1);
    seq += 1;
    const author = command?.author ?? '';
    await db.message.create({
      data: { room, seq, author, clientId: rng.id(), time: Date.now(), msgNo: seq, text: TEXT, deleted: false, reactions: {}, ver: seq },
    });
  };
  for (let i = 0; i < 50; i++) await create();
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const cpu = process.cpuUsage();
    const began = performance.now();
    const count = CREATES / REPEATS;
    for (let i = 0; i < count; i++) await create();
    perSecond.push((count * 1000) / (performance.now() - began));
    const { user, system } = process.cpuUsage(cpu);
    cpuUs.push((user + system) / count);
  }
  await db.$executeRaw`DELETE FROM message WHERE room = ${room}::uuid`;
  await db.$disconnect();
  return { perSecond, cpuUs };
}

/** The service, with a log that the bench is and a feed that takes everything: what they cost is another bench's figure. */
async function createDriver(database: PgConnection): Promise<Driver> {
  const logId = rng.id();
  const next = Array.from({ length: PARTITIONS }, () => 0);
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
        const partition = partitionOf(command.room, PARTITIONS);
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

function post({ rooms }: Speakers, nr: number): RoomCommand {
  const { room, members } = rooms[(nr * 31 + (nr >> 7)) % ROOMS] as Speakers['rooms'][number];
  const author = members[(nr * 17 + (nr >> 5)) % MEMBERS] ?? '';
  return { v: 1, type: 'message.post', room, author, time: 1_700_000_000_000 + nr, clientId: rng.id(), body: { text: TEXT, replyTo: null } };
}
