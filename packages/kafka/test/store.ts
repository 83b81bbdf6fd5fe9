// What a service's database is to a consumer: positions that only a compare-and-set moves, with the values in the same step.
import { Fenced, type LogConsumer, type LogEnds, type LogRecord, OffsetOutOfRange } from '@parley/ports';

export interface Commit {
  readonly moves: readonly { readonly partition: number; readonly expected: number; readonly next: number }[];
  readonly values: readonly { readonly partition: number; readonly value: string }[];
}

export interface Store {
  positions(partitions: readonly number[], ends: LogEnds): ReadonlyMap<number, number>;
  commit(batch: Commit): 'ok' | 'fenced';
  /** Committed values in the order in which they were committed. */
  valuesOf(partition: number): string[];
  count(): number;
}

export function createStore(): Store {
  const next = new Map<number, number>();
  const values = new Map<number, string[]>();
  let logId: string | null = null;
  return {
    positions: (partitions, ends) => {
      logId ??= ends.logId;
      if (logId !== ends.logId) throw new OffsetOutOfRange(`another log: ${ends.logId}, not ${logId}`);
      return new Map(partitions.map((partition) => [partition, next.get(partition) ?? 0]));
    },
    commit: ({ moves, values: own }) => {
      if (moves.some(({ partition, expected }) => (next.get(partition) ?? 0) !== expected)) return 'fenced';
      for (const move of moves) next.set(move.partition, move.next);
      for (const { partition, value } of own) values.set(partition, [...(values.get(partition) ?? []), value]);
      return 'ok';
    },
    valuesOf: (partition) => values.get(partition) ?? [],
    count: () => [...values.values()].reduce((sum, own) => sum + own.length, 0),
  };
}

const text = new TextDecoder();

/** One batch as its compare-and-set. */
export function commitOf(records: readonly LogRecord[]): Commit {
  const moves = [...Map.groupBy(records, (record) => record.partition)].map(([partition, own]) => {
    return { partition, expected: own[0]!.offset, next: own.at(-1)!.offset + 1 };
  });
  return { moves, values: records.map(({ partition, value }) => ({ partition, value: text.decode(value).slice(0, 40) })) };
}

/** A consumer that keeps its positions in the store. `starts`: what it was given, each time. */
export function storing(store: Store, group: string | null, starts: (readonly number[])[] = []): LogConsumer {
  return {
    group,
    start: async (partitions, ends) => {
      starts.push(partitions);
      return store.positions(partitions, ends);
    },
    handle: async (records) => {
      if (store.commit(commitOf(records)) === 'fenced') throw new Fenced('another owner');
    },
  };
}
