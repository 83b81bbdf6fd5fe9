// A log in this process' memory: for tests and simulation. Same promises as the durable ones, except that it ends with the process.
import type { Clock, Rng } from '../clock.ts';
import { type EventLog, type LogEnds, type LogEntry, type LogRecord, OffsetOutOfRange } from '../event-log.ts';
import { type Assignment, consumeFrom, type LogSource } from '../loops/consume-loop.ts';
import { createSeededRng } from '../seeded-rng.ts';

export interface MemoryEventLogOptions {
  /** `retentionMs`: how long records are kept at least. Default: for ever. */
  readonly topics: Readonly<Record<string, { readonly partitions: number; readonly retentionMs?: number }>>;
  readonly clock: Clock;
  readonly rng?: Rng;
}

interface Partition {
  from: number;
  readonly records: { readonly at: number; readonly record: LogRecord }[];
}

interface Topic {
  readonly logId: string;
  readonly retentionMs: number;
  readonly partitions: readonly Partition[];
  version: number;
  readonly sources: Set<MemorySource>;
  /** The first of a group holds its partitions, the others stand by. */
  readonly groups: Map<string, MemorySource[]>;
}

interface MemorySource {
  notify(): void;
}

export function createMemoryEventLog({ topics, clock, rng = createSeededRng(1) }: MemoryEventLogOptions): EventLog {
  const made = new Map(
    Object.entries(topics).map(([name, { partitions, retentionMs }]): [string, Topic] => [
      name,
      {
        logId: rng.id(),
        retentionMs: retentionMs ?? Number.POSITIVE_INFINITY,
        partitions: Array.from({ length: partitions }, () => ({ from: 0, records: [] })),
        version: 0,
        sources: new Set(),
        groups: new Map(),
      },
    ]),
  );
  const topicOf = (name: string): Topic => {
    const topic = made.get(name);
    if (topic === undefined) throw new RangeError(`no topic ${name}`);
    return topic;
  };

  return {
    append: async (name, entries) => {
      const topic = topicOf(name);
      for (const { partition } of entries) if (topic.partitions[partition] === undefined) throw new RangeError(`${name} has no partition ${partition}`);
      for (const entry of entries) add(topic.partitions[entry.partition]!, entry, clock.monotonic());
      topic.version++;
      trim(topic, clock.monotonic());
      for (const source of [...topic.sources]) source.notify();
    },
    consume: async (name, consumer) => consumeFrom(createSource(topicOf(name), consumer.group, clock), consumer, clock),
    ends: async (name) => endsOf(topicOf(name), clock),
  };
}

function add(partition: Partition, { partition: nr, key, value }: LogEntry, at: number): void {
  partition.records.push({ at, record: { partition: nr, key, value, offset: partition.from + partition.records.length } });
}

function trim(topic: Topic, now: number): void {
  for (const partition of topic.partitions) {
    let old = 0;
    while (old < partition.records.length && now - partition.records[old]!.at > topic.retentionMs) old++;
    partition.records.splice(0, old);
    partition.from += old;
  }
}

function endsOf(topic: Topic, clock: Clock): LogEnds {
  trim(topic, clock.monotonic());
  const partitions = topic.partitions.map(({ from, records }, partition) => ({ partition, from, next: from + records.length }));
  return { logId: topic.logId, partitions };
}

function createSource(topic: Topic, group: string | null, clock: Clock): LogSource {
  let released = false;
  let waiters: (() => void)[] = [];
  const self: MemorySource = {
    notify: () => {
      const waiting = waiters;
      waiters = [];
      for (const waiter of waiting) waiter();
    },
  };
  const line = group === null ? [self] : (topic.groups.get(group) ?? []);
  if (group !== null) {
    line.push(self);
    topic.groups.set(group, line);
  }
  topic.sources.add(self);
  const isFirst = (): boolean => line[0] === self;
  const changed = (): Promise<void> => new Promise((resolve) => waiters.push(resolve));

  const assignment = async (): Promise<Assignment | null> => {
    while (!released && !isFirst()) await changed();
    return released ? null : { partitions: topic.partitions.map((_, partition) => partition), over: () => released };
  };
  const release = (): void => {
    released = true;
    self.notify();
  };
  const leave = async (): Promise<void> => {
    release();
    topic.sources.delete(self);
    const place = line.indexOf(self);
    if (place >= 0) line.splice(place, 1);
    line[0]?.notify();
  };
  return {
    assignment,
    release,
    leave,
    ends: async () => endsOf(topic, clock),
    read: async (positions, limit) => readFair(topic, positions, limit),
    version: () => topic.version,
    appended: async (version) => {
      if (!released && topic.version === version) await changed();
    },
  };
}

/** Takes from each partition in turn its share of the limit, so that a busy one does not starve the others. */
function readFair(topic: Topic, positions: ReadonlyMap<number, number>, limit: number): LogRecord[] {
  const available = [...positions].map(([nr, at]) => {
    const partition = topic.partitions[nr]!;
    if (at < partition.from) throw new OffsetOutOfRange(`partition ${nr}: offset ${at} was trimmed, the log begins at ${partition.from}`);
    return { partition, at, count: partition.from + partition.records.length - at };
  });
  available.sort((a, b) => a.count - b.count);
  const batch: LogRecord[] = [];
  for (const [index, { partition, at, count }] of available.entries()) {
    const share = Math.min(count, Math.ceil((limit - batch.length) / (available.length - index)));
    for (let nr = 0; nr < share; nr++) batch.push(partition.records[at - partition.from + nr]!.record);
  }
  return batch;
}
