// Tells callers the seq of their change: tails all of room.event from the end as of start, without a group. Nothing is decided by it.
import type { Clock, EventLog, LogConsumption, LogRecord } from '@parley/ports';
import { CommittedEvent, decodeRecord, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';

export interface Waiters {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The seq of the room's newest event of a change with this mver or a later one; null when none came within `ms`. */
  wait(room: string, mver: number, ms: number): Promise<number | null>;
  problem(): string | null;
}

interface Place {
  readonly mver: number;
  readonly seq: number;
}
interface Waiter {
  readonly mver: number;
  readonly resolve: (seq: number | null) => void;
}

/** Rooms of which the last change is remembered, for callers that ask just after it went by. */
const REMEMBERED = 10_000;
const RESTART_MS = 1_000;

export interface WaitersDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createWaiters({ log, clock, logger }: WaitersDeps): Waiters {
  const board = createBoard(clock);
  let consumption: LogConsumption | null = null;
  let problem: string | null = null;
  let stopped = false;

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    for (const record of records) {
      const committed = read(record, logger);
      if (committed?.mver != null) board.post(committed.event.room, { mver: committed.mver, seq: committed.event.seq });
    }
  };

  const consume = async (): Promise<void> => {
    const started = await log.consume(TOPICS.roomEvent, {
      group: null,
      // Earlier events answer nobody: their callers are gone.
      start: async (partitions, ends) => {
        const next = new Map(ends.partitions.map((entry) => [entry.partition, entry.next]));
        return new Map(partitions.map((partition) => [partition, next.get(partition) ?? 0]));
      },
      handle,
    });
    consumption = started;
    problem = null;
    started.ended.catch((error: unknown) => restart(error));
  };

  const restart = (error: unknown): void => {
    if (stopped) return;
    problem = 'the log of room events cannot be read: callers are told `pending`';
    logger.warn({ err: error }, problem);
    clock.after(RESTART_MS, () => {
      if (!stopped) consume().catch(restart);
    });
  };

  return {
    start: consume,
    async stop() {
      stopped = true;
      await consumption?.stop();
      board.close();
    },
    wait: (room, mver, ms) => board.wait(room, mver, ms),
    problem: () => problem,
  };
}

function read(record: LogRecord, logger: Logger): CommittedEvent | null {
  try {
    return decodeRecord(CommittedEvent, record.value);
  } catch (error) {
    logger.warn({ err: error, partition: record.partition, offset: record.offset }, 'a record of room.event cannot be read');
    return null;
  }
}

/** Who waits for what, and what was seen last. */
function createBoard(clock: Clock) {
  const seen = new Map<string, Place>();
  const waiting = new Map<string, Set<Waiter>>();

  const forget = (room: string, waiter: Waiter): void => {
    const others = waiting.get(room);
    others?.delete(waiter);
    if (others?.size === 0) waiting.delete(room);
  };

  return {
    /** At least once: an older one changes nothing. */
    post(room: string, place: Place): void {
      if (place.mver <= (seen.get(room)?.mver ?? 0)) return;
      seen.delete(room);
      seen.set(room, place);
      const [oldest] = seen.keys();
      if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
      for (const waiter of waiting.get(room) ?? []) if (waiter.mver <= place.mver) waiter.resolve(place.seq);
    },
    wait(room: string, mver: number, ms: number): Promise<number | null> {
      const last = seen.get(room);
      if (last !== undefined && last.mver >= mver) return Promise.resolve(last.seq);
      return new Promise((resolve) => {
        const waiter: Waiter = {
          mver,
          resolve: (seq) => {
            timer.cancel();
            forget(room, waiter);
            resolve(seq);
          },
        };
        const timer = clock.after(ms, () => waiter.resolve(null));
        const others = waiting.get(room) ?? new Set();
        waiting.set(room, others.add(waiter));
      });
    },
    close(): void {
      for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.resolve(null);
    },
  };
}
