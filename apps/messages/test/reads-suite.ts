// What every store of messages answers to those who read, and keeps of people's own state. Run against Postgres and against memory.
import { type ReadStateValue, stateKey } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPage, readSnapshot } from '../src/http/read-history.ts';
import type { StoreFactory } from './store-suite.ts';
import { createWorld, newId, speaker, type World } from './world.ts';

export function describeReads(name: string, { make }: StoreFactory): void {
  describe(`reads and people’s own state over ${name}`, () => {
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
    const readOf = async (user: string, room: string): Promise<ReadStateValue> => {
      const [changes] = await world.store.stateOf([{ user, key: stateKey.read(room) }]);
      return changes?.changes[0]?.value as ReadStateValue;
    };

    test('versions of a person’s state stay dense while the commit and their own calls write at once', async () => {
      const alice = newId();
      const rooms = [speaker(newId()), speaker(newId()), speaker(newId())];
      for (const room of rooms) await world.say(room.create(alice), room.join(alice, 'owner'));
      await Promise.all([
        ...rooms.map((room) => world.say(...Array.from({ length: 20 }, () => room.post(alice)))),
        ...Array.from({ length: 20 }, (_, i) => world.store.putState(alice, `pref:p${i % 5}`, i)),
        ...Array.from({ length: 20 }, (_, i) => world.store.markRead(rooms.map((room) => ({ user: alice, room: room.room, seq: 1 + i, n: i + 1 })))),
      ]);
      const [answer] = await world.store.sync([{ user: alice, me: null }]);
      const vers = (answer?.me.changes ?? []).map((change) => change.ver);
      expect(new Set(vers).size).toBe(vers.length);
      expect(Math.max(...vers)).toBe(answer?.me.ver);
      // Each step is one version: after any of them, nothing between is left out.
      const [since] = await world.store.sync([{ user: alice, me: (answer?.me.ver ?? 0) - 1 }]);
      expect(since?.me).toMatchObject({ full: false, ver: answer?.me.ver, changes: [{ ver: answer?.me.ver }] });
    });

    test('a read mark is the last writer’s by n, within what its owner may see, and counts what is unread', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      await world.say(
        room.create(alice, 'since_join'),
        room.join(alice, 'owner'),
        room.post(alice),
        room.join(bob),
        room.post(alice),
        room.post(bob),
        room.post(alice),
      );
      const mark = (seq: number, n: number) => world.store.markRead([{ user: bob, room: room.room, seq, n }]);
      expect((await mark(99, 3))[0]?.changes[0]).toMatchObject({ value: { seq: 7, n: 3, unread: 0, at: 7 } });
      expect(await mark(5, 3)).toEqual([]);
      expect(await mark(5, 2)).toEqual([]);
      // Two devices counted on from the same number: who has read further is right, whoever comes first.
      expect((await mark(3, 4))[0]?.changes[0]?.value).toMatchObject({ seq: 3, n: 4 });
      expect((await mark(5, 4))[0]?.changes[0]?.value).toMatchObject({ seq: 5, n: 4 });
      expect(await mark(4, 4)).toEqual([]);
      expect((await mark(0, 5))[0]?.changes[0]?.value).toEqual({ seq: 3, n: 5, unread: 2, at: 7 });
      expect(await world.store.markRead([{ user: newId(), room: room.room, seq: 1, n: 1 }])).toEqual([]);
      // An own post moves the mark and keeps the counter.
      await world.say(room.post(bob));
      expect(await readOf(bob, room.room)).toEqual({ seq: 8, n: 5, unread: 0, at: 8 });
    });

    test('who leaves and joins again sees nothing from before, and nobody else sees the room at all', async () => {
      const [alice, bob, eve] = [newId(), newId(), newId()];
      const room = speaker(newId());
      await world.say(
        room.create(alice, 'since_join'),
        room.join(alice, 'owner'),
        room.join(bob),
        room.post(alice, 'one'),
        room.leave(bob),
        room.post(alice, 'two'),
      );
      expect(await readPage(world.store, bob, room.room, { limit: 50 })).toBeNull();
      expect(await readSnapshot(world.store, eve, room.room, 'e', 50)).toBeNull();
      expect((await world.store.sync([{ user: bob, me: null }]))[0]).toMatchObject({ rights: [] });
      await world.say(room.join(bob), room.post(alice, 'three'), room.post(bob, 'reply', newId(), 4));
      const snapshot = await readSnapshot(world.store, bob, room.room, 'e', 50);
      expect(snapshot).toMatchObject({ from: 6, more: false, room: { floor: 6, joinSeq: 7, seq: 8 } });
      expect(snapshot?.messages.map((message) => message.text)).toEqual(['three']);
      expect(snapshot?.notices.map((event) => event.seq)).toEqual([7]);
      expect(await world.store.members(eve, room.room, null, 10)).toBeNull();
      const [answer] = await world.store.sync([{ user: bob, me: null }]);
      expect(answer?.rights).toEqual([{ room: room.room, role: 'member', floor: 6, joinSeq: 7, head: 8 }]);
    });

    test('pages of history join without hole or overlap, in both directions', async () => {
      const alice = newId();
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'));
      await world.say(...Array.from({ length: 25 }, (_, i) => room.post(alice, `m${i}`)), room.react(alice, 3), room.edit(alice, 4, 'edited'));
      const back: string[] = [];
      let before: number | undefined;
      for (;;) {
        const page = await readPage(world.store, alice, room.room, { before, limit: 7 });
        if (!page) throw new Error('no page');
        if (before !== undefined) expect(page.to).toBe(before - 1);
        back.unshift(...page.messages.map((message) => message.text ?? ''));
        if (!page.moreBefore) break;
        before = page.from + 1;
      }
      expect(back).toEqual(Array.from({ length: 25 }, (_, i) => (i === 1 ? 'edited' : `m${i}`)));
      const on: string[] = [];
      let after = 0;
      for (;;) {
        const page = await readPage(world.store, alice, room.room, { after, limit: 7 });
        if (!page) throw new Error('no page');
        expect(page.from).toBe(after);
        on.push(...page.messages.map((message) => message.text ?? ''));
        if (!page.moreAfter) break;
        after = page.to;
      }
      expect(on).toEqual(back);
      const around = await readPage(world.store, alice, room.room, { around: 12, limit: 6 });
      expect(around?.messages.map((message) => message.seq)).toEqual([10, 11, 12, 13, 14, 15]);
      expect(around).toMatchObject({ moreBefore: true, moreAfter: true, at: 29 });
    });

    test('heads are told from any known position on', async () => {
      const alice = newId();
      const rooms = [speaker(newId()), speaker(newId())];
      for (const room of rooms) await world.say(room.create(alice), room.join(alice, 'owner'));
      const first = await world.store.headsSince({});
      expect(first.heads).toEqual({});
      expect(Object.values(first.positions).reduce((a, b) => a + b, 0)).toBe(4);
      const [room] = rooms as [(typeof rooms)[0], (typeof rooms)[0]];
      await world.say(room.post(alice));
      expect((await world.store.headsSince(first.positions)).heads).toEqual({ [room.room]: 3 });
      expect(await world.store.heads([room.room, newId()])).toEqual({ [room.room]: 3 });
    });

    test('imported messages keep their time and their links, and need no membership', async () => {
      const [alice, bot] = [newId(), newId()];
      const room = speaker(newId());
      const first = newId();
      await world.say(
        room.create(alice),
        room.join(alice, 'owner'),
        room.bring(bot, 'one', first),
        room.bring(bot, 'two', newId(), { author: bot, clientId: first }),
      );
      await world.say(
        room.bring(bot, 'three', newId(), { author: bot, clientId: first }),
        room.bring(bot, 'four', newId(), { author: bot, clientId: newId() }),
      );
      const page = await readPage(world.store, alice, room.room, { limit: 50 });
      expect(page?.messages.map(({ text, replyTo, msgNo }) => [text, replyTo, msgNo])).toEqual([
        ['one', null, 1],
        ['two', 3, 2],
        ['three', 3, 3],
        ['four', null, 4],
      ]);
    });

    test('a snapshot and the events after it make the next snapshot', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob), room.post(alice, 'a'), room.post(bob, 'b'));
      const before = await readSnapshot(world.store, bob, room.room, 'e', 50);
      await world.say(room.edit(alice, 4, 'A'), room.react(bob, 4), room.del(bob, 5), room.post(bob, 'c'));
      const after = await readSnapshot(world.store, bob, room.room, 'e', 50);
      const changed = new Map((await world.store.events(room.room, before?.room.seq ?? 0, 100)).events.map((event) => [event.seq, event]));
      expect([...changed.keys()]).toEqual([6, 7, 8, 9]);
      expect(after?.messages).toEqual([
        { ...before?.messages[0], text: 'A', edited: 6, reactions: { '👍': [bob] }, ver: 7 },
        { ...before?.messages[1], text: null, deleted: true, ver: 8 },
        { ...before?.messages[1], seq: 9, clientId: changed.get(9)?.clientId, time: changed.get(9)?.time, text: 'c', msgNo: 3, ver: 9 },
      ]);
    });
  });
}
