// An author is erased: no text of theirs is left anywhere in the store, by events that everybody else follows. Over Postgres and over memory.
import { eraseFromMessages, type RoomCommand } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreFactory } from './store-suite.ts';
import { createWorld, newId, speaker, until, type World } from './world.ts';

export function describeErasure(name: string, { make }: StoreFactory): void {
  describe(`erasure over ${name}`, () => {
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
    const erase = async (user: string, saga: string): Promise<boolean> => {
      const handler = world.core.internal.find((each) => each.contract.name === eraseFromMessages.name);
      const answered = (await handler?.handle({ user, saga }, 'accounts')) as { done: boolean };
      return answered.done;
    };
    const eraseWhole = (user: string, saga = newId()): Promise<void> => until(() => erase(user, saga));
    const textsOf = async (room: string): Promise<string> => JSON.stringify((await world.store.events(room, 0, 1_000)).events);

    test('every message of theirs loses its text and its edits, in rooms they left and in archived ones; others keep theirs', async () => {
      const [gone, other] = [newId(), newId()];
      const [room, archived, left] = [speaker(newId()), speaker(newId()), speaker(newId())];
      for (const each of [room, archived, left]) {
        await world.say(
          each.create(other),
          each.join(other, 'owner'),
          each.join(gone),
          each.post(gone, 'canary one'),
          each.edit(gone, 4, 'canary two'),
          each.post(other, 'stays'),
        );
      }
      await world.say(archived.archive(other), left.leave(gone));
      await world.say(room.leave(gone));
      await eraseWhole(gone);
      for (const { room: id } of [room, archived, left]) {
        const texts = await textsOf(id);
        expect(texts).not.toContain('canary');
        expect(texts).toContain('stays');
        expect((await world.store.events(id, 0, 100)).events.at(-1)).toMatchObject({
          type: 'message.deleted',
          author: gone,
          body: { target: 4, targetAuthor: gone },
        });
      }
    });

    test('while they are still a member somewhere it is not done, because what they said last may not be committed yet', async () => {
      const [gone, owner, saga] = [newId(), newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(owner), room.join(owner, 'owner'), room.join(gone));
      expect(await erase(gone, saga)).toBe(false);
      await world.say(room.post(gone, 'canary at the last moment'), room.leave(gone));
      await eraseWhole(gone, saga);
      expect(await textsOf(room.room)).not.toContain('canary');
    });

    test('a direct room that was archived for the erasure does not hold it up', async () => {
      const [gone, other] = [newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(gone, 'all', 'direct'), room.join(gone, 'owner'), room.join(other, 'owner'), room.post(gone, 'canary'), room.archive(gone));
      await eraseWhole(gone);
      expect(await textsOf(room.room)).not.toContain('canary');
    });

    test('imported messages of somebody who was never a member are found, and more than one call appends', async () => {
      const [gone, owner] = [newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(owner), room.join(owner, 'owner'), ...Array.from({ length: 620 }, (_, i): RoomCommand => room.bring(gone, `canary ${i}`)));
      await eraseWhole(gone);
      expect(await textsOf(room.room)).not.toContain('canary');
      const { head } = await world.store.events(room.room, 0, 1);
      expect(head).toBe(2 + 620 * 2);
    });

    test('the same call again, before and after, changes nothing twice; marks, drafts and preferences are gone', async () => {
      const [gone, owner, saga] = [newId(), newId(), newId()];
      const room = speaker(newId());
      await world.say(room.create(owner), room.join(owner, 'owner'), room.join(gone), room.post(gone, 'canary'), room.leave(gone));
      await world.store.putState(gone, `draft:${room.room}`, { text: 'canary in a draft' });
      await Promise.all([erase(gone, saga), erase(gone, saga), erase(gone, saga)]);
      await eraseWhole(gone, saga);
      const { head } = await world.store.events(room.room, 0, 1);
      expect(head).toBe(6);
      expect(await erase(gone, saga)).toBe(true);
      const [state] = await world.store.sync([{ user: gone, me: null }]);
      expect(state?.me.changes).toEqual([]);
    });
  });
}
