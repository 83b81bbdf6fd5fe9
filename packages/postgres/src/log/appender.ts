// Appends: those of a tick become one statement, one statement is in flight, and what waits behind a failed one fails with it. So a caller's
// entries keep their order whatever happens, and nobody waits longer than the deadline.
import { type Clock, type LogEntry, type LogRecord, LogUnavailable } from '@parley/ports';
import pg from 'pg';
import type { PgConnection } from '../connection.ts';

export interface Appender {
  append(topic: number, entries: readonly LogEntry[]): Promise<void>;
  /** The server's process that writes for us now. */
  backend(): number | null;
  close(): Promise<void>;
}

interface Queued {
  readonly topic: number;
  readonly entries: readonly LogEntry[];
  readonly deadline: number;
  readonly taken: () => void;
  readonly failed: (error: LogUnavailable) => void;
}

const DEADLINE_MS = 4_000;
/** One statement's share of memory and time. */
const MAX_ENTRIES = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** More than can be written within the deadline: refused at once. */
const MAX_QUEUED_ENTRIES = 50_000;

/** Planned once for each connection: it only meets its own input and a few rows of log_partition, and planning it costs as much as running it. */
const PLANS = '-c plan_cache_mode=force_generic_plan -c enable_nestloop=off';
const APPEND = 'SELECT log_append($1::smallint[], $2::integer[], $3::text[], $4::integer[], $5::bytea, $6::bigint) AS bases';
/** A statement of ours whose answer never came must not be written after what comes now. */
const END_EARLIER = 'SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()';

/** What one durable statement appended: topic -> its records, in the order of their offsets. */
export type Appended = ReadonlyMap<number, readonly LogRecord[]>;

/** `name`: unique to this appender. `appended` is told of each durable statement. */
export function createAppender(connection: PgConnection, name: string, clock: Clock, appended: (records: Appended) => void): Appender {
  let queue: Queued[] = [];
  let queuedEntries = 0;
  let client: pg.Client | null = null;
  let busy: Promise<void> | null = null;
  let closed = false;

  const connect = async (): Promise<pg.Client> => {
    if (client !== null) return client;
    const options = `${PLANS} -c statement_timeout=${DEADLINE_MS}`;
    const fresh = new pg.Client({ ...connection, options, application_name: name, connectionTimeoutMillis: DEADLINE_MS });
    fresh.on('error', () => drop(fresh));
    client = fresh;
    await fresh.connect();
    await fresh.query(END_EARLIER, [name]);
    return fresh;
  };
  const drop = (which: pg.Client | null): void => {
    if (client === which) client = null;
    which?.end().catch(() => undefined);
  };
  const write = async (batch: readonly Queued[]): Promise<Appended> => {
    const using = await connect();
    // The deadline passed while it connected: what the caller was told is unknown must not be written later.
    if (client !== using) throw new Error('connected too late');
    const values = parameters(batch, clock.now());
    const { rows } = await using.query<{ bases: Bases }>({ name: 'append', text: APPEND, values });
    return recordsOf(batch, rows[0]?.bases ?? [], values[4] as Buffer);
  };
  const failAll = (batch: readonly Queued[], cause: unknown): void => {
    const behind = queue;
    queue = [];
    queuedEntries = 0;
    const error = new LogUnavailable(`The log did not take it: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    for (const one of [...batch, ...behind]) one.failed(error);
  };
  const flush = async (): Promise<void> => {
    // What is appended in one tick goes together.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    while (queue.length > 0) {
      const batch = takeBatch(queue);
      queuedEntries -= countEntries(batch);
      const using = client;
      let records: Appended;
      try {
        records = await within(clock, batch[0]!.deadline, () => write(batch));
      } catch (error) {
        drop(client ?? using);
        failAll(batch, error);
        continue;
      }
      for (const one of batch) one.taken();
      appended(records);
    }
    busy = null;
  };

  return {
    append: (topic, entries) =>
      new Promise((taken, failed) => {
        if (closed) return failed(new LogUnavailable('The log is closed.'));
        if (queuedEntries + entries.length > MAX_QUEUED_ENTRIES) return failed(new LogUnavailable('Too much waits for the log.'));
        queue.push({ topic, entries, deadline: clock.monotonic() + DEADLINE_MS, taken, failed });
        queuedEntries += entries.length;
        busy ??= flush();
      }),
    backend: () => (client as { processID?: number } | null)?.processID ?? null,
    close: async () => {
      closed = true;
      await busy;
      const last = client;
      client = null;
      await last?.end().catch(() => undefined);
    },
  };
}

const countEntries = (batch: readonly Queued[]): number => batch.reduce((count, one) => count + one.entries.length, 0);

/** Removes the next statement's appends from the queue: at least one. */
function takeBatch(queue: Queued[]): Queued[] {
  let [count, entries, bytes] = [0, 0, 0];
  for (const one of queue) {
    entries += one.entries.length;
    bytes += one.entries.reduce((sum, entry) => sum + entry.value.byteLength, 0);
    if (count > 0 && (entries > MAX_ENTRIES || bytes > MAX_BYTES)) break;
    count++;
  }
  return queue.splice(0, count);
}

function parameters(batch: readonly Queued[], nowMs: number): unknown[] {
  const topics: number[] = [];
  const entries: LogEntry[] = [];
  for (const one of batch) {
    for (const entry of one.entries) {
      topics.push(one.topic);
      entries.push(entry);
    }
  }
  const values = entries.map((entry) => entry.value);
  // One binary parameter instead of an array of hex texts: half the bytes and no parsing.
  return [topics, entries.map((e) => e.partition), entries.map((e) => e.key), values.map((v) => v.byteLength), Buffer.concat(values), Math.trunc(nowMs)];
}

/** [topic, partition, offset of the first], for each partition that was appended to. */
type Bases = readonly (readonly [number, number, number])[];

/** `bytes`: the values one after the other, a copy that is nobody else's. */
function recordsOf(batch: readonly Queued[], bases: Bases, bytes: Buffer): Appended {
  const next = new Map(bases.map(([topic, partition, base]) => [`${topic}/${partition}`, base]));
  const records = new Map<number, LogRecord[]>();
  let at = 0;
  for (const { topic, entries } of batch) {
    const list = records.get(topic) ?? [];
    records.set(topic, list);
    for (const { partition, key, value } of entries) {
      const offset = next.get(`${topic}/${partition}`) ?? Number.NaN;
      next.set(`${topic}/${partition}`, offset + 1);
      // As the table would give it back.
      list.push({ partition, offset, key: key.toWellFormed(), value: bytes.subarray(at, at + value.byteLength) });
      at += value.byteLength;
    }
  }
  return records;
}

function within<T>(clock: Clock, deadline: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(Math.max(1, deadline - clock.monotonic()), () => reject(new Error(`no answer in ${DEADLINE_MS} ms`)));
    work()
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
