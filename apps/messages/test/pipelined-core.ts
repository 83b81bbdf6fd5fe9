// The real core, handed records as a log would, over a store in memory whose calls take as long as a test says: so that a load may be
// taken before or after the batch that is being written is in.
import { createSeededRng, type EventLog, type FeedPublish, Fenced, type LogConsumer, type LogRecord, systemClock } from '@parley/ports';
import {
  type CommandResult,
  type CommittedEvent,
  CommittedEvent as CommittedEventSchema,
  decodeRecord,
  type FeedEvents,
  type FeedUser,
  type RoomCommand,
} from '@parley/protocol';
import { expect } from 'vitest';
import { createMessagesCore } from '../src/core.ts';
import { createMemoryStore } from '../src/memory/index.ts';
import type { MemoryOptions } from '../src/pipeline/room-memory.ts';
import type { BatchWrite } from '../src/store/batch-write.ts';
import type { Store } from '../src/store/store.ts';
import { partitionOfRoom } from './random-commands.ts';
import { logger, PARTITIONS, recordOf } from './world.ts';

export interface PipelinedCore {
  readonly store: Store;
  /** What was written, as it was when the store took it; how far things are told is left out. */
  readonly writes: Omit<BatchWrite, 'partitions'>[];
  /** How many loads were taken while the batch before was under way: not in yet, or in and not answered. */
  readonly loads: { before: number; after: number };
  /** Once, as a log hands it over; throws what the worker throws. */
  handle(records: readonly LogRecord[]): Promise<void>;
  /** Until it is taken, as a log does: again after an error, and from the positions of the store when fenced. Answers the tries. */
  take(records: readonly LogRecord[]): Promise<number>;
  /** The log assigns the partitions anew. */
  assign(): Promise<void>;
  readonly results: (user: string) => CommandResult[];
  readonly told: (room: string) => number[];
  readonly relayed: CommittedEvent[];
  stop(): Promise<void>;
}

export interface PipelinedOptions {
  readonly batchSize: number;
  readonly memory?: MemoryOptions;
  /** Turns that the next wait at the store takes: before and after a load is taken, and before and after a commit is in. */
  readonly turns?: (of: 'load' | 'loaded' | 'commit' | 'committed') => number;
  readonly store?: Store;
  /** Takes the place of the store's commit. */
  readonly commit?: (write: BatchWrite, store: Store) => ReturnType<Store['commit']>;
}

/** Records in log order, with dense offsets for each partition. */
export function recordsOf(commands: readonly RoomCommand[]): LogRecord[] {
  const next = new Map<number, number>();
  return commands.map((command) => {
    const partition = partitionOfRoom(command.room);
    const offset = next.get(partition) ?? 0;
    next.set(partition, offset + 1);
    return recordOf(command, offset);
  });
}

type Watched = Pick<PipelinedCore, 'writes' | 'loads'>;

function watchStore(store: Store, { turns = () => 0, commit = (write) => store.commit(write) }: PipelinedOptions, { writes, loads }: Watched): Store {
  let writing: 'no' | 'before' | 'after' = 'no';
  const rest = async (of: Parameters<typeof turns>[0]): Promise<void> => {
    for (let left = turns(of); left > 0; left--) await new Promise<void>((resolve) => process.nextTick(resolve));
  };
  return {
    ...store,
    load: async (wanted) => {
      await rest('load');
      if (writing !== 'no') loads[writing] += 1;
      const state = await store.load(wanted);
      await rest('loaded');
      return state;
    },
    commit: async (write) => {
      expect(writing).toBe('no');
      writing = 'before';
      try {
        await rest('commit');
        const { partitions: _, ...rows } = structuredClone(write);
        const outcome = await commit(write, store);
        writes.push(rows);
        writing = 'after';
        await rest('committed');
        return outcome;
      } finally {
        writing = 'no';
      }
    },
  };
}

export async function createPipelinedCore(options: PipelinedOptions): Promise<PipelinedCore> {
  const { store = createMemoryStore(), batchSize } = options;
  const watched: Watched = { writes: [], loads: { before: 0, after: 0 } };
  const published: FeedPublish[] = [];
  const relayed: CommittedEvent[] = [];
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const ends = { logId: 'log', partitions: all.map((partition) => ({ partition, from: 0, next: 1_000 })) };
  let consumer: LogConsumer | null = null;
  const log: EventLog = {
    append: async (_topic, entries) => void relayed.push(...entries.map((entry) => decodeRecord(CommittedEventSchema, entry.value))),
    ends: async () => ends,
    consume: async (_topic, given) => {
      consumer = given;
      await given.start(all, ends);
      return { stop: async () => {}, ended: new Promise(() => {}) };
    },
  };
  const feed = {
    publish: async (messages: readonly FeedPublish[]) => {
      await expectWritten(store, messages);
      published.push(...messages);
    },
    subscribe: async () => ({ unsubscribe: async () => {} }),
    since: async () => null,
  };
  const slow = watchStore(store, options, watched);
  const core = createMessagesCore({ store: slow, log, feed, clock: systemClock, rng: createSeededRng(5), logger, batchSize, memory: options.memory });
  await core.start();
  const given = (): LogConsumer => consumer as unknown as LogConsumer;
  return {
    store,
    ...watched,
    relayed,
    handle: (records) => given().handle(records),
    assign: async () => void (await given().start(all, ends)),
    async take(records) {
      for (let tries = 1; ; tries++) {
        try {
          await given().handle(records);
          return tries;
        } catch (error) {
          if (tries > 20) throw error;
          if (error instanceof Fenced) await given().start(all, ends);
        }
      }
    },
    results: (user) => published.flatMap(({ channel, payload }) => (channel.includes(user) ? (payload as FeedUser).results : [])),
    told: (room) => published.flatMap(({ channel, payload }) => (channel.includes(room) ? (payload as FeedEvents).events.map((event) => event.seq) : [])),
    stop: () => core.stop(),
  };
}

/** Nothing is told that is not in the store. */
async function expectWritten(store: Store, messages: readonly FeedPublish[]): Promise<void> {
  for (const { payload } of messages) {
    if ('events' in (payload as object)) {
      const { room, events } = payload as FeedEvents;
      const head = (await store.heads([room]))[room] ?? 0;
      for (const event of events) expect(event.seq).toBeLessThanOrEqual(head);
    } else {
      const { user, results } = payload as FeedUser;
      for (const { room, clientId } of results) expect(await store.results(room, [{ author: user, clientId }])).toHaveLength(1);
    }
  }
}
