// What the two Kafka clients are to the rest of this package: a producer, and for each consumer a membership and a reader. All else is shared.
import type { LogEntry, LogRecord } from '@parley/ports';

export interface Batch {
  readonly topic: string;
  /** The log that they are meant for. */
  readonly logId: string;
  /** Leader of all these partitions. */
  readonly node: number;
  readonly entries: readonly LogEntry[];
}

export interface Producer {
  /**
   * One request, no retries. Resolves when all replicas in sync have the records: to the partitions that were refused, with why.
   * Rejects when it is not known, and when they may have gone into another log of the same name.
   */
  send(batch: Batch, timeoutMs: number): Promise<ReadonlyMap<number, string>>;
  /** What was sent and not answered is given up: it must not be sent later. */
  abandon(): void;
  close(): Promise<void>;
}

export interface Held {
  /** Another one after each rebalance. */
  readonly generation: number;
  readonly partitions: readonly number[];
}

/** A place in a consumer group. Keeps it by heartbeats, also while a batch is handled for long; takes a new one when it was lost. */
export interface Membership {
  /** Null: nothing is held just now. */
  held(): Held | null;
  /** The batch in hand is done and nothing of the last assignment is in use any more: a rebalance may go on. */
  ready(): void;
  /** What was handled, for whoever watches the lag. Best effort: nothing depends on it. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Tells the group, so that the others take over at once. */
  leave(): Promise<void>;
}

/** Reads the partitions of one consumer ahead, within bounds. */
export interface Reader {
  /** Drops what was read and begins here. `logId`: the log that these offsets belong to. */
  begin(logId: string, positions: ReadonlyMap<number, number>): void;
  isAt(positions: ReadonlyMap<number, number>): boolean;
  /** Throws OffsetOutOfRange once a position is known not to be in the log. */
  take(limit: number): readonly LogRecord[];
  close(): Promise<void>;
}
