// A worker begins: what is away for a moment must not stop it for ever, and what another owner does meanwhile is no error.
import { createManualClock, createSeededRng, type LogEntry } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed } from '@parley/ports/memory';
import { encodeRecord, partitionOf, TOPICS } from '@parley/protocol';
import { createLogger } from '@parley/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { createMemoryStore, createMessagesCore, type Store } from '../src/memory/index.ts';

const clock = createManualClock();
const rng = createSeededRng(7, clock);
const room = rng.id();
const owner = rng.id();
const partition = partitionOf(room, 4);

function changes(from: number, count: number): LogEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const mver = from + i;
    const created = { type: 'room.created', body: { kind: 'group', name: 'r', topic: '', visibility: 'private', history: 'all' } };
    const change = mver === 1 ? created : { type: 'room.topic_changed', body: { topic: `t${mver}` } };
    return { partition, key: room, value: encodeRecord({ v: 1, type: 'room.change', room, author: owner, time: clock.now(), mver, change }) };
  });
}

function world(store: (rows: Store) => Store) {
  const rows = createMemoryStore();
  const log = createMemoryEventLog({
    topics: { [TOPICS.roomCommand]: { partitions: 4 }, [TOPICS.roomEvent]: { partitions: 4 }, [TOPICS.roomDead]: { partitions: 1 } },
    clock,
    rng,
  });
  const core = (over: Store) =>
    createMessagesCore({
      store: over,
      // Every core reads all partitions, as two owners do for a moment at a rebalance.
      log: { ...log, consume: (topic, consumer) => log.consume(topic, { ...consumer, group: null }) },
      feed: createMemoryFeed({ clock }),
      clock,
      rng,
      logger: createLogger({ level: 'silent' }),
    });
  const one = core(store(rows));
  onTestFinished(async () => {
    const stopped = one.stop();
    await clock.advance(5_000);
    await stopped;
  });
  return { rows, log, one, another: () => core(rows) };
}

it('asks a store again that was away while it began, and then decides', async () => {
  let failures = 3;
  const { rows, log, one } = world((store) => ({
    ...store,
    positions: async (topic) => {
      if (failures-- > 0) throw new Error('the database is away');
      return store.positions(topic);
    },
  }));
  await log.append(TOPICS.roomCommand, changes(1, 2));
  await one.start();
  await clock.advance(5_000);
  expect((await rows.heads([room]))[room]).toBe(2);
  expect(one.problems()).toEqual([]);
});

it('goes on from where another owner has come meanwhile, beyond the ends that it was given', async () => {
  let release = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { rows, log, one, another } = world((store) => ({
    ...store,
    partitionCount: async (topic) => {
      await waiting;
      return store.partitionCount(topic);
    },
  }));
  await one.start();
  await clock.advance(10);
  const before = another();
  await before.start();
  await log.append(TOPICS.roomCommand, changes(1, 3));
  await clock.advance(100);
  expect((await rows.heads([room]))[room]).toBe(3);
  await before.stop();
  release();
  await clock.advance(100);
  expect(one.problems()).toEqual([]);
  await log.append(TOPICS.roomCommand, changes(4, 1));
  await clock.advance(100);
  expect((await rows.heads([room]))[room]).toBe(4);
});
