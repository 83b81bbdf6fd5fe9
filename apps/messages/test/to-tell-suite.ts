// What every store of messages tells notifications: only of messages that are still theirs to see, and whether they are news.
import { stateKey } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreFactory } from './store-suite.ts';
import { createWorld, newId, speaker, type World } from './world.ts';

export function describeToTell(name: string, { make }: StoreFactory): void {
  describe(`what may be told over ${name}`, () => {
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

    test('a message is told to members within their view, with the words of now, until it is deleted', async () => {
      const [alice, bob, carol, dave] = [newId(), newId(), newId(), newId()];
      const room = speaker(newId());
      await world.say(
        room.create(alice, 'since_join'),
        room.join(alice, 'owner'),
        room.join(bob),
        room.post(alice, 'one'),
        room.join(carol),
        room.post(alice, 'two'),
      );
      const ask = (user: string, seq: number) => ({ user, room: room.room, seq });
      const news = { author: alice, read: false, muted: false };
      expect(await world.store.toTell([ask(bob, 4), ask(carol, 4), ask(carol, 6), ask(dave, 6), ask(bob, 5), ask(bob, 99)])).toMatchObject([
        { ...news, text: 'one' },
        null,
        { ...news, text: 'two' },
        null,
        null,
        null,
      ]);
      await world.say(room.edit(alice, 4, 'one, better'), room.del(alice, 6));
      expect(await world.store.toTell([ask(bob, 4), ask(carol, 6)])).toMatchObject([{ text: 'one, better' }, null]);
      await world.say(room.remove(bob, alice));
      expect(await world.store.toTell([ask(bob, 4)])).toEqual([null]);
    });

    test('it says what was read and what is muted', async () => {
      const [alice, bob] = [newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(alice), room.join(alice, 'owner'), room.join(bob), room.post(alice), room.post(alice));
      await world.store.markRead([{ user: bob, room: room.room, seq: 4, n: 1 }]);
      const items = [4, 5].map((seq) => ({ user: bob, room: room.room, seq }));
      expect(await world.store.toTell(items)).toMatchObject([
        { read: true, muted: false },
        { read: false, muted: false },
      ]);
      await world.store.putState(bob, stateKey.mute(room.room), { muted: true });
      expect(await world.store.toTell(items)).toMatchObject([{ muted: true }, { muted: true }]);
      expect(await world.store.toTell([])).toEqual([]);
    });
  });
}
