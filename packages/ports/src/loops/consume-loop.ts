// How a consumer is fed: start, read, handle, back off, start again. The same for every adapter whose log can be read by offset, so that
// the promises of LogConsumer are kept in one place. Never skips a record and never hands one twice unless the handler failed.
import type { Clock } from '../clock.ts';
import { Fenced, type LogConsumer, type LogConsumption, type LogEnds, type LogRecord, LogUnavailable, OffsetOutOfRange } from '../event-log.ts';

export interface Assignment {
  readonly partitions: readonly number[];
  /** Becomes true when these partitions are no longer (all that is) held. */
  readonly over: () => boolean;
}

/** What an adapter gives. Any method may reject with LogUnavailable: it is asked again after a back-off. */
export interface LogSource {
  /** Waits until at least one partition is held; null when `release` was called meanwhile. */
  assignment(): Promise<Assignment | null>;
  /** Asks to come to an end: ends a wait in `assignment` or `appended`. */
  release(): void;
  /** Gives up what is held. Called once, after the last batch: two consumers must never handle one partition's records at once. */
  leave(): Promise<void>;
  ends(): Promise<LogEnds>;
  /** Up to `limit` records at and after the positions, each partition's in order. Rejects with OffsetOutOfRange for what was trimmed. */
  read(positions: ReadonlyMap<number, number>, limit: number): Promise<readonly LogRecord[]>;
  /** Grows with every append that this source knows of. */
  version(): number;
  /** Resolves when the version is not this one any more, when the assignment ends, or on `release`. */
  appended(version: number): Promise<void>;
}

const MAX_BATCH = 500;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 2_000;

/** Feeds the consumer until it is stopped or may not go on. */
export function consumeFrom(source: LogSource, consumer: LogConsumer, clock: Clock): LogConsumption {
  let stopped = false;
  let wake: () => void = () => undefined;
  const pause = (failures: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.after(Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10)), resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
      if (stopped) wake();
    });
  const ended = run({ source, consumer, pause, stopped: () => stopped }).finally(() => source.leave());
  const stop = async (): Promise<void> => {
    stopped = true;
    wake();
    source.release();
    // Why it ended is `ended`'s to tell.
    await ended.catch(() => undefined);
  };
  return { stop, ended };
}

interface Run {
  readonly source: LogSource;
  readonly consumer: LogConsumer;
  readonly stopped: () => boolean;
  readonly pause: (failures: number) => Promise<void>;
}

async function run(r: Run): Promise<void> {
  while (!r.stopped()) {
    const held = await patiently(r, () => r.source.assignment());
    if (held === null) return;
    const ends = await patiently(r, () => r.source.ends());
    if (ends === null) return;
    const named = await r.consumer.start(held.partitions, ends);
    // Another owner may have gone on while `start` was asking: what it named is judged by the log as it is now.
    const now = await patiently(r, () => r.source.ends());
    if (now === null) return;
    await feed(r, held, new Map(held.partitions.map((partition) => [partition, checked(partition, named.get(partition), now)])));
  }
}

/** Asks again while the log is away; null when stopped meanwhile. */
async function patiently<T>(r: Run, ask: () => Promise<T>): Promise<T | null> {
  for (let failures = 1; !r.stopped(); failures++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      await r.pause(failures);
    }
  }
  return null;
}

function checked(partition: number, offset: number | undefined, ends: LogEnds): number {
  const end = ends.partitions.find((one) => one.partition === partition);
  if (end === undefined || offset === undefined || !Number.isSafeInteger(offset) || offset < end.from || offset > end.next) {
    throw new OffsetOutOfRange(`partition ${partition}: offset ${offset} is outside [${end?.from}, ${end?.next}] of log ${ends.logId}`);
  }
  return offset;
}

/** Until stopped, fenced, or the assignment is over. */
async function feed(r: Run, held: Assignment, positions: Map<number, number>): Promise<void> {
  const limit = r.consumer.maxBatch ?? MAX_BATCH;
  const idle = (): boolean => r.stopped() || held.over();
  while (!idle()) {
    const version = r.source.version();
    const batch = await patiently(r, () => r.source.read(positions, limit));
    if (batch === null || idle()) return;
    if (batch.length > 0 && !(await handled(r, batch, idle))) return;
    for (const record of batch) positions.set(record.partition, record.offset + 1);
    // A short batch was all there was when it was read: reading again for nothing would double the work of a quiet log.
    if (batch.length < limit) await r.source.appended(version);
  }
}

/** The same batch until it is handled. False: fenced, stopped or not ours any more. */
async function handled(r: Run, batch: readonly LogRecord[], idle: () => boolean): Promise<boolean> {
  for (let failures = 1; !idle(); failures++) {
    try {
      await r.consumer.handle(batch);
      return true;
    } catch (error) {
      // Fenced waits too: an owner that is fenced over and over must not spin.
      await r.pause(failures);
      if (error instanceof Fenced) return false;
    }
  }
  return false;
}
