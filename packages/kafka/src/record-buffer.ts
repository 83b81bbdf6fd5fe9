// What was read from Kafka and not yet asked for, per partition. Here the rule of positions is kept for both clients: what lies before the
// position is dropped, what lies after it is never given out.
import type { LogRecord } from '@parley/ports';

export interface RecordBuffer {
  /** Forgets everything and begins at these positions. */
  begin(positions: ReadonlyMap<number, number>): void;
  /** Is the next record of each partition the one at these positions? */
  isAt(positions: ReadonlyMap<number, number>): boolean;
  /** `gap`: these records begin after the position; nothing of them is taken. */
  push(partition: number, records: readonly LogRecord[]): 'taken' | 'gap' | 'not held';
  /** Offset that the next record of this partition must have; undefined: not held. */
  wanted(partition: number): number | undefined;
  /** Up to `limit`, each partition's share of it, in offset order. */
  take(limit: number): LogRecord[];
  bytes(): number;
  bytesOf(partition: number): number;
  partitions(): readonly number[];
}

interface Held {
  /** Offset of the next record to give out. */
  next: number;
  /** Offset of the next record to take in. */
  wanted: number;
  records: LogRecord[];
  /** How many of `records` were given out already. */
  given: number;
  bytes: number;
}

/** What a record weighs besides its value: its object, its key, its place in the arrays. */
const RECORD_BYTES = 200;
const weigh = (record: LogRecord): number => record.value.byteLength + RECORD_BYTES;

export function createRecordBuffer(): RecordBuffer {
  let held = new Map<number, Held>();
  let total = 0;

  const give = (one: Held, count: number, to: LogRecord[]): void => {
    for (let nr = 0; nr < count; nr++) {
      const record = one.records[one.given + nr]!;
      one.bytes -= weigh(record);
      total -= weigh(record);
      one.next = record.offset + 1;
      to.push(record);
    }
    one.given += count;
    // Moving what is left each time would cost the square of a long backlog.
    if (one.given === one.records.length || one.given > 1_000) {
      one.records = one.records.slice(one.given);
      one.given = 0;
    }
  };

  return {
    begin: (positions) => {
      held = new Map([...positions].map(([partition, next]) => [partition, { next, wanted: next, records: [], given: 0, bytes: 0 }]));
      total = 0;
    },
    isAt: (positions) => positions.size === held.size && [...positions].every(([partition, at]) => held.get(partition)?.next === at),
    push: (partition, records) => {
      const one = held.get(partition);
      if (one === undefined) return 'not held';
      for (const record of records) {
        if (record.offset < one.wanted) continue;
        if (record.offset > one.wanted) return 'gap';
        one.wanted++;
        one.records.push(record);
        one.bytes += weigh(record);
        total += weigh(record);
      }
      return 'taken';
    },
    wanted: (partition) => held.get(partition)?.wanted,
    take: (limit) => {
      const waiting = [...held.values()].filter((one) => one.records.length > one.given);
      waiting.sort((a, b) => a.records.length - a.given - (b.records.length - b.given));
      const batch: LogRecord[] = [];
      for (const [index, one] of waiting.entries()) {
        const share = Math.ceil((limit - batch.length) / (waiting.length - index));
        give(one, Math.min(share, one.records.length - one.given), batch);
      }
      return batch.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    },
    bytes: () => total,
    bytesOf: (partition) => held.get(partition)?.bytes ?? 0,
    partitions: () => [...held.keys()],
  };
}
