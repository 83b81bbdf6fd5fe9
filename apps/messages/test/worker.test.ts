// The worker when things go wrong around it.
import { createManualClock, createSeededRng, OffsetOutOfRange } from '@parley/ports';
import { createMemoryFeed } from '@parley/ports/memory';
import { channelOf, type FeedEvents, TOPICS } from '@parley/protocol';
import { afterEach, expect, test } from 'vitest';
import { createMessagesCore } from '../src/core.ts';
import { createMemoryStore } from '../src/memory/index.ts';
import { DataError, type Store } from '../src/store/store.ts';
import { createWorld, entryOf, logger, newId, newLog, speaker, until, type World } from './world.ts';

let world: World | null = null;
afterEach(async () => {
  await world?.stop();
  world = null;
});

test('while the database is away nothing is decided, and afterwards the same commands are, once and in order', async () => {
  const store = createMemoryStore();
  let away = 3;
  const flaky: Store = {
    ...store,
    commit: async (write) => {
      // The second of the failures comes after the commit: its answer is lost.
      if (away-- === 2) await store.commit(write);
      if (away >= 0) throw new Error('the connection ended');
      return store.commit(write);
    },
  };
  world = await createWorld(flaky);
  const alice = newId();
  const room = speaker(newId());
  await world.say(room.create(alice), room.join(alice, 'owner'), room.post(alice, 'one'));
  await world.say(room.post(alice, 'two'));
  const { events } = await store.events(room.room, 0, 10);
  expect(events.map((event) => event.type)).toEqual(['room.created', 'member.joined', 'message.posted', 'message.posted']);
});

test('a batch that cannot be decided is told of as a problem until it can', async () => {
  const store = createMemoryStore();
  let away = true;
  const flaky: Store = { ...store, load: async (wanted) => (away ? Promise.reject(new Error('the connection ended')) : store.load(wanted)) };
  world = await createWorld(flaky);
  const alice = newId();
  const room = speaker(newId());
  const said = world.say(room.create(alice), room.join(alice, 'owner'), room.post(alice, 'one'));
  const problems = (): readonly string[] => world?.core.problems() ?? [];
  await until(() => problems().some((problem) => problem.includes('could not be decided')));
  away = false;
  await said;
  expect(problems()).toEqual([]);
});

test.each([
  ['a mistake somewhere', new Error('a mistake somewhere'), 5],
  ['another log', new OffsetOutOfRange('another log'), 1],
])('a consumption that ended by %s is begun again only when that may pass', async (message, error, times) => {
  const clock = createManualClock();
  let begun = 0;
  const failing = async () => {
    begun++;
    return { ended: Promise.reject(error), stop: async () => {} };
  };
  const core = createMessagesCore({
    store: createMemoryStore(),
    log: { ...newLog(), consume: failing },
    feed: createMemoryFeed({ clock }),
    clock,
    rng: createSeededRng(3),
    logger,
  });
  await core.start();
  await clock.advance(4_500);
  expect(begun).toBe(times);
  expect(core.problems()).toEqual([`commands are not decided: ${message}`]);
  await core.stop();
});

test('halving finds each of several offenders', async () => {
  const store = createMemoryStore();
  const picky: Store = {
    ...store,
    commit: async (write) => {
      if (write.events.some((event) => event.body.text === 'bad')) throw new DataError('refused');
      return store.commit(write);
    },
  };
  world = await createWorld(picky);
  const alice = newId();
  const room = speaker(newId());
  const results = await world.results(alice);
  const words = ['a', 'bad', 'b', 'c', 'bad', 'bad', 'd'];
  await world.say(room.create(alice), room.join(alice, 'owner'), ...words.map((word) => room.post(alice, word)));
  await until(() => results.length === words.length);
  expect(results.map(({ code, seq }) => code ?? seq)).toEqual([3, 'poison', 4, 5, 'poison', 'poison', 6]);
  // Each of them is told to the operator, in the log.
  expect((await world.log.ends(TOPICS.roomDead)).partitions[0]?.next).toBe(3);
});

test('a feed that fails gets everything again, in order, when it is back', async () => {
  const store = createMemoryStore();
  const plain = await createWorld(store, { start: false });
  let failing = true;
  world = await createWorld(store, {
    log: plain.log,
    feed: { ...plain.feed, publish: async (messages) => (failing ? Promise.reject(new Error('away')) : plain.feed.publish(messages)) },
  });
  const alice = newId();
  const room = speaker(newId());
  const heard = await plain.listen(channelOf.room(room.room));
  await world.say(room.create(alice), room.join(alice, 'owner'));
  await world.say(...Array.from({ length: 20 }, () => room.post(alice)));
  await until(() => (world?.core.problems().length ?? 0) > 0);
  failing = false;
  await until(() => heard.length > 0);
  await world.say(room.post(alice));
  const seqs = () => heard.flatMap((message) => (message.payload as FeedEvents).events.map((event) => event.seq));
  await until(() => seqs().at(-1) === 23);
  expect([...new Set(seqs())]).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
  expect(world.core.problems()).toEqual([]);
});

test('a database that is away while the positions are asked for does not end the consumption', async () => {
  const store = createMemoryStore();
  let away = 2;
  world = await createWorld({ ...store, positions: async (topic) => (away-- > 0 ? Promise.reject(new Error('away')) : store.positions(topic)) });
  const alice = newId();
  const room = speaker(newId());
  await world.log.append('room.command', [room.create(alice), room.join(alice, 'owner')].map(entryOf));
  await until(async () => (await store.events(room.room, 0, 10)).events.length === 2);
  expect(world.core.problems()).toEqual([]);
});
