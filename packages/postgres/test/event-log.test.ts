// What the Postgres log does when Postgres misbehaves, and between processes (here: two logs with connections of their own).
import {
  createManualClock,
  type EventLog,
  type LogEntry,
  type LogRecord,
  LogUnavailable,
  type ManualClock,
  OffsetOutOfRange,
  systemClock,
} from '@parley/ports';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPostgresEventLog, type PostgresEventLog } from '../src/index.ts';
import { logMigrationsFolder } from '../src/migrations-folder.ts';
import { type TestDatabase, testDatabase } from '../src/testing.ts';

const topics = { t: { partitions: 2, retentionMs: 3_600_000 } };
const text = new TextDecoder();
const entry = (value: string, partition = 0): LogEntry => ({ partition, key: 'k', value: new TextEncoder().encode(value) });
const waitFor = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 5 });

let database: TestDatabase;
let admin: pg.Client;
const logs: PostgresEventLog[] = [];

beforeEach(async () => {
  database = await testDatabase(logMigrationsFolder);
  admin = new pg.Client({ ...database.connection });
  admin.on('error', () => undefined);
  await admin.connect();
});
afterEach(async () => {
  await admin.end();
  await Promise.all(logs.splice(0).map((log) => log.close()));
  await database.drop();
});

async function open(clock = systemClock as ManualClock): Promise<PostgresEventLog> {
  const log = await createPostgresEventLog({ connection: database.connection, topics, clock });
  logs.push(log);
  return log;
}

async function collect(log: EventLog, group: string | null, from = 0): Promise<{ values: string[]; starts: number; ended: Promise<void> }> {
  const seen = { values: [] as string[], starts: 0, ended: Promise.resolve() };
  const consumption = await log.consume('t', {
    group,
    start: async (partitions) => {
      seen.starts++;
      return new Map(partitions.map((partition) => [partition, partition === 0 ? from + seen.values.length : 0]));
    },
    handle: async (records: readonly LogRecord[]) => void seen.values.push(...records.map((record) => text.decode(record.value))),
  });
  seen.ended = consumption.ended;
  return seen;
}

/** Who waits for a row's lock in this database. */
const lockWaiters = async (): Promise<number[]> =>
  (await admin.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")).rows.map(
    (row) => row.pid,
  );

/** Connections to this database beside admin's. */
const othersHere = async (): Promise<number> => {
  const all =
    "SELECT count(*)::int AS others FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
  return (await admin.query<{ others: number }>(all)).rows[0]!.others;
};

const cutAll = (): Promise<unknown> =>
  admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');

describe('the Postgres log', () => {
  it('keeps its identity and records over a reopening', async () => {
    const first = await open();
    await first.append('t', [entry('a')]);
    const before = await first.ends('t');
    await first.close();
    const second = await open();
    expect(await second.ends('t')).toEqual(before);
    const seen = await collect(second, null);
    await waitFor(() => expect(seen.values).toEqual(['a']));
  });

  it('refuses to open a topic with another number of partitions', async () => {
    await open();
    const other = { t: { partitions: 3, retentionMs: 1 } };
    await expect(createPostgresEventLog({ connection: database.connection, topics: other, clock: systemClock })).rejects.toThrow(/has 2 partitions, not 3/);
  });

  it('answers LogUnavailable after 4 s, fails what waits behind, and writes none of it later', async () => {
    const clock = createManualClock();
    const log = await open(clock);
    await log.append('t', [entry('before')]);
    // Not admin's: a transaction sees the activity as it was at its first look.
    const holder = new pg.Client({ ...database.connection });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM log_partition FOR UPDATE');
    const outcomes: string[] = [];
    const note = (name: string) => (error: unknown) => void outcomes.push(`${name} ${error instanceof LogUnavailable}`);
    const stuck = log.append('t', [entry('stuck')]).catch(note('stuck'));
    await waitFor(async () => expect(await lockWaiters()).toHaveLength(1));
    const [first] = await lockWaiters();
    const behind = log.append('t', [entry('behind', 1)]).catch(note('behind'));
    await clock.advance(3_900);
    expect(outcomes).toEqual([]);
    await clock.advance(200);
    await Promise.all([stuck, behind]);
    expect(outcomes).toEqual(['stuck true', 'behind true']);
    const after = log.append('t', [entry('after')]);
    // Its first deed is to end the statement whose answer never came.
    await waitFor(async () => expect((await lockWaiters()).filter((pid) => pid !== first)).toHaveLength(1));
    await holder.query('COMMIT');
    await holder.end();
    await after;
    const seen = await collect(log, null);
    await waitFor(() => expect(seen.values).toEqual(['before', 'after']));
  });

  it('goes on by itself after all of its connections were cut', async () => {
    const log = await open();
    const [grouped, free] = [await collect(log, 'g'), await collect(log, null)];
    await log.append('t', [entry('1')]);
    await waitFor(() => expect([grouped.values, free.values]).toEqual([['1'], ['1']]));
    await cutAll();
    await waitFor(() => log.append('t', [entry('2')]));
    await waitFor(() => expect([grouped.values.at(-1), free.values.at(-1)]).toEqual(['2', '2']));
    expect(free.starts).toBe(1);
    expect(grouped.starts).toBeGreaterThan(1);
  });

  it('takes its claims again at once after they were lost with the connection', async () => {
    const clock = createManualClock();
    const log = await open(clock);
    const seen = await collect(log, 'g');
    await waitFor(() => expect(seen.starts).toBe(1));
    await cutAll();
    await waitFor(async () => expect(await othersHere()).toBe(0));
    // Well before the second in which it looks by itself.
    await waitFor(async () => {
      if (clock.monotonic() < 900) await clock.advance(10);
      expect(seen.starts).toBe(2);
    });
  });

  it('leaves no connection behind when it is closed', async () => {
    const log = await open();
    await Promise.all(Array.from({ length: 8 }, () => log.ends('t')));
    expect(await othersHere()).toBeGreaterThan(1);
    await log.close();
    expect(await othersHere()).toBe(0);
  });

  it('hears of appends by another process', async () => {
    const [mine, other] = [await open(), await open()];
    const seen = await collect(mine, null);
    await waitFor(() => expect(seen.starts).toBe(1));
    await other.append('t', [entry('from afar')]);
    await waitFor(() => expect(seen.values).toEqual(['from afar']));
  });

  it('gives a group to another process when the first dies', async () => {
    const [mine, other] = [await open(), await open()];
    const first = await collect(mine, 'g');
    await mine.append('t', [entry('1')]);
    await waitFor(() => expect(first.values).toEqual(['1']));
    const second = await collect(other, 'g', 1);
    await mine.close();
    await other.append('t', [entry('2')]);
    await waitFor(() => expect(second.values).toEqual(['2']));
    expect(first.values).toEqual(['1']);
  });

  it('shows readers no hole while two processes append to one partition', async () => {
    const [mine, other] = [await open(), await open()];
    const offsets: number[] = [];
    await mine.consume('t', {
      group: null,
      start: async () =>
        new Map([
          [0, 0],
          [1, 0],
        ]),
      handle: async (records) => void offsets.push(...records.filter(({ partition }) => partition === 0).map(({ offset }) => offset)),
    });
    const run = async (log: EventLog): Promise<void> => {
      for (let nr = 0; nr < 100; nr++) await log.append('t', [entry(`${nr}`), entry(`${nr}`, 1)]);
    };
    await Promise.all([run(mine), run(other)]);
    await waitFor(() => expect(offsets).toHaveLength(200));
    expect(offsets).toEqual(offsets.map((_, index) => index));
  });

  it('ends a consumer when the log was made anew under it', async () => {
    const log = await open();
    const seen = await collect(log, null);
    await log.append('t', [entry('1')]);
    await waitFor(() => expect(seen.values).toEqual(['1']));
    const ended = expect(seen.ended).rejects.toBeInstanceOf(OffsetOutOfRange);
    await admin.query('UPDATE log_topic SET log_id = gen_random_uuid()');
    await cutAll();
    await ended;
  });

  it('joins the appends of a tick into one statement', async () => {
    const log = await open();
    await log.append('t', [entry('warm')]);
    const transactions = async (): Promise<number> => Number((await admin.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id')).rows[0]!.id);
    const before = await transactions();
    await Promise.all(Array.from({ length: 100 }, (_, nr) => log.append('t', [entry(`${nr}`)])));
    // One for the appends, one for the question itself.
    expect((await transactions()) - before).toBeLessThanOrEqual(2);
  });

  it('stays as quick as it began while a fresh log grows on one connection', async () => {
    const log = await open();
    const batch = Array.from({ length: 500 }, (_, nr) => entry('x'.repeat(50), nr % 2));
    const timed = async (): Promise<number> => {
      const from = performance.now();
      await log.append('t', [entry('one')]);
      return performance.now() - from;
    };
    const median = async (): Promise<number> => {
      const all: number[] = [];
      for (let nr = 0; nr < 21; nr++) all.push(await timed());
      return all.sort((a, b) => a - b)[10]!;
    };
    const early = await median();
    for (let nr = 0; nr < 60; nr++) await log.append('t', batch);
    // A plan kept from the empty table makes it ten times slower here; a busy machine does not.
    expect(await median()).toBeLessThan(early * 5 + 2);
  });
});
