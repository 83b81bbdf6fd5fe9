// The durable log between services. Embedded: a Postgres table. Cluster: Kafka.

/** One entry to append. `partition` is chosen by the caller (protocol's partitionOf), never by the adapter. */
export interface LogEntry {
  readonly partition: number;
  /** Entries of one key keep their append order. */
  readonly key: string;
  readonly value: Uint8Array;
}

export interface LogRecord extends LogEntry {
  readonly offset: number;
}

/** A log's identity and where its partitions begin and end. `next` is the offset that the next record will get. */
export interface LogEnds {
  /** Identity: an offset means nothing without it. A topic that was made anew has another one. */
  readonly logId: string;
  readonly partitions: readonly { readonly partition: number; readonly from: number; readonly next: number }[];
}

export interface LogConsumer {
  /** Consumers of one group share the partitions; null: this consumer reads all of them by itself. */
  readonly group: string | null;
  /**
   * Called at start and after every change of assignment, and again after `handle` threw Fenced: names the offset to begin at for each
   * of these partitions. An offset outside [from, next], or a logId that the consumer does not know, must end in an error, never in a
   * jump: the adapter refuses an offset out of range with OffsetOutOfRange, and what `start` throws stops the consumer.
   */
  start(partitions: readonly number[], ends: LogEnds): Promise<ReadonlyMap<number, number>>;
  /**
   * One batch over all partitions of this consumer, each partition's records in offset order, contiguous with the last batch. The next
   * batch comes after this resolves. Throws: the same batch again after a back-off. Throws Fenced: `start` is asked again.
   */
  handle(records: readonly LogRecord[]): Promise<void>;
  /** Records in one batch, at most. Default 500. */
  readonly maxBatch?: number;
}

export interface LogConsumption {
  /** Resolves after the batch in hand is handled; nothing is handled afterwards. */
  stop(): Promise<void>;
  /** Settles when the consumption ends: resolves after stop(), rejects with OffsetOutOfRange or what `start` threw. */
  readonly ended: Promise<void>;
}

export interface EventLog {
  /**
   * Durable when it resolves. Rejects with LogUnavailable: not known whether the entries were taken. An adapter may join the appends of a
   * tick, but one caller's appends keep their order also across a failure: entries queued behind a failed append fail with it.
   */
  append(topic: string, entries: readonly LogEntry[]): Promise<void>;
  /** At least once, from the offsets that the consumer names. */
  consume(topic: string, consumer: LogConsumer): Promise<LogConsumption>;
  ends(topic: string): Promise<LogEnds>;
}

/** The append may or may not be in the log. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}
/** The named offset is not in the log: somebody made the log anew, or it kept too little. Never jump. */
export class OffsetOutOfRange extends Error {
  override readonly name = 'OffsetOutOfRange';
}
/** Another owner committed in between: forget what is in memory and begin again from `start`. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}
