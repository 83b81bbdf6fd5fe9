// What every store of messages promises, told as stories of the real worker over it. Run against Postgres and against memory.
import {
  type AnyRoomEvent,
  CommittedEvent,
  channelOf,
  decodeRecord,
  type FeedEvents,
  type FeedUser,
  type ReadStateValue,
  type RoomCommand,
  stateKey,
  TOPICS,
} from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPage } from '../src/http/read-history.ts';
import type { Store } from '../src/store/store.ts';
import { createWorld, entryOf, newId, newLog, speaker, until, type World } from './world.ts';

export interface StoreFactory {
  /** A fresh store, and another owner's handle on the same one. */
  make(): Promise<{ readonly store: Store; another(): Store; end(): Promise<void> }>;
}

export function describeStore(name: string, { make }: StoreFactory): void {
  describe(`messages over ${name}`, () => {
    let made: Awaited<ReturnType<StoreFactory['make']>>;
    let world: World;
    beforeEach(async () => {
      made = await make();
      world = await createWorld(made.store);
    });
    afterEach(async () => {
      await world.stop();
      await made.end();
    });
    const eventsOf = async (room: string) => (await world.store.events(room, 0, 1000)).events;
    const texts = (events: readonly AnyRoomEvent[]) =>
      events.filter((event) => event.type === 'message.posted').map((event) => (event.body as { text: string | null }).text);
    const readOf = async (user: string, room: string): Promise<ReadStateValue> => {
      const [changes] = await world.store.stateOf([{ user, key: stateKey.read(room) }]);
      return changes?.changes[0]?.value as ReadStateValue;
    };

    test('a command becomes the next event of its room, with its result, its message and its author’s mark', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      const results = await world.results(alice);
      const post = room.post(alice, 'first');
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob), post);
      const events = await eventsOf(room.room);
      expect(events.map((event) => [event.seq, event.type, event.msgNo])).toEqual([
        [1, 'room.created', 0],
        [2, 'member.joined', 0],
        [3, 'member.joined', 0],
        [4, 'message.posted', 1],
      ]);
      expect(events[3]).toMatchObject({
        author: alice,
        clientId: (post as { clientId: string }).clientId,
        body: { text: 'first', replyTo: null, thread: null },
      });
      await until(() => results.length > 0);
      expect(results).toEqual([{ room: room.room, clientId: (post as { clientId: string }).clientId, status: 'committed', seq: 4 }]);
      expect(await readOf(alice, room.room)).toEqual({ seq: 4, n: 0, unread: 0, at: 4 });
      const [summary] = await world.store.roomSummaries(bob, null);
      expect(summary).toMatchObject({ seq: 4, msgNo: 1, memberCount: 2, role: 'member', floor: 0, joinSeq: 3, read: { seq: 3, unread: 1, at: 4 } });
    });

    test('a removal and a post in one batch are taken in the order of the log', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      const results = await world.results(bob);
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob));
      const [before, after] = [room.post(bob, 'before'), room.post(bob, 'after')];
      await world.say(before, room.remove(bob, alice), after);
      expect(texts(await eventsOf(room.room))).toEqual(['before']);
      await until(() => results.length === 2);
      expect(results.map(({ status, code }) => [status, code])).toEqual([
        ['committed', undefined],
        ['rejected', 'not_member'],
      ]);
    });

    test('a client id twice in one batch is one event with one result, told twice; with another body it is refused', async () => {
      const alice = newId();
      const room = speaker(newId());
      const results = await world.results(alice);
      const id = newId();
      await world.say(room.create(alice), room.join(alice, 'owner'), room.post(alice, 'once', id), room.post(alice, 'once', id), room.post(alice, 'other', id));
      expect(texts(await eventsOf(room.room))).toEqual(['once']);
      await until(() => results.length === 3);
      expect(results.map(({ seq, code }) => seq ?? code)).toEqual([3, 3, 'client_id_reused']);
      // And in a later batch the same.
      await world.say(room.post(alice, 'once', id), room.post(alice, 'other', id));
      await until(() => results.length === 5);
      expect(results.slice(3).map(({ seq, code }) => seq ?? code)).toEqual([3, 'client_id_reused']);
      expect(await world.store.results(room.room, [{ author: alice, clientId: id }])).toMatchObject([{ status: 'committed', seq: 3 }]);
    });

    test('a command of a room that does not exist is rejected, for good', async () => {
      const alice = newId();
      const room = speaker(newId());
      const results = await world.results(alice);
      const post = room.post(alice);
      await world.say(post);
      await world.say(room.create(alice), room.join(alice, 'owner'), post);
      await until(() => results.length === 2);
      expect(results.map(({ code }) => code)).toEqual(['not_member', 'not_member']);
      expect(texts(await eventsOf(room.room))).toEqual([]);
    });

    test('deleting takes the text of the message and of its edits, in one batch and across batches', async () => {
      const alice = newId();
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'), room.post(alice, 'secret'), room.edit(alice, 3, 'secret too'), room.del(alice, 3));
      await world.say(room.post(alice, 'hidden'));
      await world.say(room.edit(alice, 6, 'hidden still'));
      await world.say(room.edit(alice, 6, 'hidden more'), room.del(alice, 6));
      const events = await eventsOf(room.room);
      expect(JSON.stringify(events)).not.toMatch(/secret|hidden/);
      expect(events.slice(2).map((event) => [event.type, (event.body as { text?: null }).text])).toEqual([
        ['message.posted', null],
        ['message.edited', null],
        ['message.deleted', undefined],
        ['message.posted', null],
        ['message.edited', null],
        ['message.edited', null],
        ['message.deleted', undefined],
      ]);
      const page = await readPage(world.store, alice, room.room, { limit: 50 });
      expect(page?.messages.map(({ seq, text, deleted, edited, ver }) => ({ seq, text, deleted, edited, ver }))).toEqual([
        { seq: 3, text: null, deleted: true, edited: 4, ver: 5 },
        { seq: 6, text: null, deleted: true, edited: 8, ver: 9 },
      ]);
    });

    test('files go with a message, without words too, and are gone from every place when it is deleted', async () => {
      const alice = newId();
      const room = speaker(newId());
      const results = await world.results(alice);
      const attachments = [{ id: newId(), name: 'plan.png', type: 'image/png', bytes: 7, width: 2, height: 3 }];
      const withFiles = (text: string, clientId = newId()) => {
        const post = room.post(alice, text, clientId) as Extract<RoomCommand, { type: 'message.post' }>;
        return { ...post, body: { ...post.body, attachments } };
      };
      const id = newId();
      await world.say(room.create(alice), room.join(alice, 'owner'), withFiles('', id), withFiles('look'));
      // The files are part of what was asked.
      await world.say(withFiles('', id), { ...withFiles('', id), body: { text: 'words', replyTo: null } });
      await until(() => results.length === 4);
      expect(results.map(({ seq, code }) => seq ?? code)).toEqual([3, 4, 3, 'client_id_reused']);
      const page = async () => (await readPage(world.store, alice, room.room, { limit: 50 }))?.messages.map((message) => [message.text, message.attachments]);
      expect(await page()).toEqual([
        ['', attachments],
        ['look', attachments],
      ]);
      await world.say(room.edit(alice, 4, 'look here'));
      expect((await page())?.[1]).toEqual(['look here', attachments]);
      // Deleted in a later batch, and in its own.
      await world.say(room.del(alice, 4), withFiles('short'), room.del(alice, 7));
      expect(await page()).toEqual([
        ['', attachments],
        [null, undefined],
        [null, undefined],
      ]);
      expect((await eventsOf(room.room)).filter((event) => 'attachments' in event.body).map((event) => event.seq)).toEqual([3]);
    });

    test('reactions stand in the message; what is so already is committed without an event', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      const results = await world.results(bob);
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob), room.post(alice));
      await world.say(room.react(bob, 4), room.react(alice, 4), room.react(bob, 4));
      await world.say(room.unreact(alice, 4), room.unreact(alice, 4, '🎉'), room.react(bob, 4, 'constructor'));
      const page = await readPage(world.store, bob, room.room, { limit: 50 });
      expect(page?.messages[0]?.reactions['👍']).toEqual([bob]);
      expect(page?.messages[0]?.reactions.constructor).toEqual([bob]);
      expect(page?.messages[0]?.ver).toBe(8);
      await until(() => results.length === 3);
      expect(results.map(({ seq }) => seq)).toEqual([5, 6, 8]);
    });

    test('what is not a command is set aside, its sender told, and the partition goes on', async () => {
      const alice = newId();
      const room = speaker(newId());
      const results = await world.results(alice);
      await world.say(room.create(alice), room.join(alice, 'owner'));
      const good = room.post(alice, 'good');
      const { partition, key } = entryOf(good);
      const raw = (value: unknown) => ({ partition, key, value: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)) });
      const asked = { v: 1, type: 'message.post', room: room.room, author: alice, time: 1 };
      const [nul, lone] = [newId(), newId()];
      await world.log.append(TOPICS.roomCommand, [
        raw('not json'),
        raw({ ...asked, clientId: nul, body: { text: 'a\u0000b' } }),
        raw({ ...asked, clientId: lone, body: { text: 'a\ud800b' } }),
        raw({ ...asked, clientId: lone, body: { text: 'a\ud800b' } }),
        entryOf(good),
      ]);
      await world.settle();
      expect(texts(await eventsOf(room.room))).toEqual(['good']);
      await until(() => results.length === 4);
      expect(results.map(({ code, status }) => code ?? status)).toEqual(['poison', 'poison', 'poison', 'committed']);
    });

    test('a room’s changes apply once and in order; at a gap they wait and rooms is asked again', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      const asked: unknown[] = [];
      await world.stop();
      world = await createWorld(made.another(), { log: world.log, internal: { call: async (_contract, request) => void asked.push(request) as never } });
      const created = room.create(alice);
      await world.say(created, room.join(alice, 'owner'), created);
      const [third, fourth] = [room.join(bob), room.leave(bob)];
      await world.say(fourth, room.post(alice, 'still decided'));
      // The worker reports after its commit can be seen.
      await until(() => world.core.problems().join().includes(room.room));
      expect(asked).toEqual([{ room: room.room, after: 2 }]);
      await world.say(third, fourth);
      await until(() => world.core.problems().length === 0);
      expect((await eventsOf(room.room)).map((event) => event.type)).toEqual([
        'room.created',
        'member.joined',
        'message.posted',
        'member.joined',
        'member.left',
      ]);
    });

    test('a zombie is fenced: the batch of an owner that was overtaken changes nothing', async () => {
      const alice = newId();
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'));
      const before = (await world.store.positions(TOPICS.roomCommand)).map(({ partition, next, pos }) => ({
        partition,
        expected: next - 1,
        next,
        pos,
        published: 0,
        relayed: 0,
      }));
      const { logId } = await world.log.ends(TOPICS.roomCommand);
      const nothing = {
        events: [],
        rooms: [],
        heads: [],
        members: [],
        updates: [],
        redactions: [],
        results: [],
        users: [{ u: alice, k: 'pref:x', v: 1, o: 0 }],
        deadLetters: [],
      };
      const zombie = made.another();
      expect(await zombie.commit({ topic: TOPICS.roomCommand, logId, partitions: before, ...nothing })).toEqual({ status: 'fenced' });
      const current = before.map((at) => ({ ...at, expected: at.next }));
      // One lost partition loses the whole batch, and so does another log.
      expect(await zombie.commit({ topic: TOPICS.roomCommand, logId, partitions: [...current.slice(1), ...before.slice(0, 1)], ...nothing })).toEqual({
        status: 'fenced',
      });
      expect(await zombie.commit({ topic: TOPICS.roomCommand, logId: 'another', partitions: current, ...nothing })).toEqual({ status: 'fenced' });
      expect(await zombie.stateOf([{ user: alice, key: 'pref:x' }])).toEqual([]);
      expect(await zombie.commit({ topic: TOPICS.roomCommand, logId, partitions: current, ...nothing })).toMatchObject({ status: 'ok' });
      await zombie.close();
    });

    test('two owners at once never make two events of one command', async () => {
      const alice = newId();
      const room = speaker(newId());
      const second = await createWorld(made.another(), { log: twoGroups(world.log), feed: world.feed });
      await world.say(room.create(alice), room.join(alice, 'owner'));
      for (let i = 0; i < 30; i++) await world.log.append(TOPICS.roomCommand, [entryOf(room.post(alice, `m${i}`))]);
      await world.settle();
      await second.stop();
      await world.settle();
      expect(texts(await eventsOf(room.room))).toEqual(Array.from({ length: 30 }, (_, i) => `m${i}`));
    });

    test('another log in place of the known one stops the worker with an alarm', async () => {
      const alice = newId();
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'), room.post(alice));
      const head = (await eventsOf(room.room)).length;
      await world.stop();
      const log = newLog();
      world = await createWorld(made.another(), { log });
      await log.append(TOPICS.roomCommand, [entryOf(room.post(alice))]);
      await until(() => world.core.problems().length > 0);
      expect(world.core.problems()[0]).toContain('another log');
      expect((await eventsOf(room.room)).length).toBe(head);
    });

    test('what was committed and not told before a crash is told at the next start, and relayed', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      await world.stop();
      const deaf = { publish: () => Promise.reject(new Error('away')), subscribe: world.feed.subscribe, since: world.feed.since };
      world = await createWorld(made.another(), { log: world.log, feed: deaf });
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob), room.post(alice, 'untold'));
      await world.stop();
      const again = await createWorld(made.another(), { log: world.log, start: false });
      const heard = await again.listen(channelOf.room(room.room));
      const mine = await again.listen(channelOf.user(bob));
      await again.core.start();
      await until(() => heard.length > 0 && mine.length > 0);
      expect(heard.flatMap((message) => (message.payload as FeedEvents).events.map((event) => event.seq))).toEqual([1, 2, 3, 4]);
      expect(mine.flatMap((message) => (message.payload as FeedUser).changes.map((change) => change.key))).toEqual([
        stateKey.room(room.room),
        stateKey.read(room.room),
      ]);
      world = again;
    });

    test('the relay copies every event at least once, in order, and dropping by (room, seq) leaves the log itself', async () => {
      const alice = newId();
      const room = speaker(newId());
      let failures = 2;
      const inner = world.log;
      const flaky = {
        ...inner,
        append: async (topic: string, entries: Parameters<typeof inner.append>[1]) => {
          await inner.append(topic, entries);
          // Taken, and yet not known to be: exactly what makes a doubled record.
          if (topic === TOPICS.roomEvent && failures-- > 0) throw new Error('no answer');
        },
      };
      await world.stop();
      world = await createWorld(made.another(), { log: flaky });
      await world.say(room.create(alice), room.join(alice, 'owner'));
      for (let i = 0; i < 5; i++) await world.say(room.post(alice, `m${i}`));
      const copied: CommittedEvent[] = [];
      const reading = await inner.consume(TOPICS.roomEvent, {
        group: null,
        start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
        handle: async (records) => void copied.push(...records.map((record) => decodeRecord(CommittedEvent, record.value))),
      });
      await until(() => copied.some(({ event }) => event.seq === 7));
      await reading.stop();
      const seqs = copied.map(({ event }) => event.seq);
      expect(seqs.length).toBeGreaterThan(7);
      expect([...new Set(seqs)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(copied.find(({ event }) => event.seq === 2)?.mver).toBe(2);
    });
  });
}

/** The same log for a second owner that does not know of the first: what a zombie is. */
function twoGroups<L extends World['log']>(log: L): L {
  return { ...log, consume: (topic, consumer) => log.consume(topic, { ...consumer, group: consumer.group === null ? null : `${consumer.group}-zombie` }) };
}
