// Batches that overlap: the next one is loaded and decided while one is being written.
import type { RoomCommand } from '@parley/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryStore } from '../src/memory/index.ts';
import { chunksOf, pipeline } from '../src/pipeline/pipeline.ts';
import type { BatchWrite } from '../src/store/batch-write.ts';
import { DataError, type Store } from '../src/store/store.ts';
import { failuresChangeNothing, overlappingChangesNothing } from './pipeline-property.ts';
import { createPipelinedCore, recordsOf } from './pipelined-core.ts';
import { newId, speaker } from './world.ts';

describe('overlapping batches', () => {
  test('say, write and tell what batches apart do, whether a load is taken before or after the batch before is in', { timeout: 60_000 }, async () => {
    const loads = await overlappingChangesNothing(400);
    expect(loads.before).toBeGreaterThan(400);
    expect(loads.after).toBeGreaterThan(400);
  });

  test('come to the same after any writes that failed, were done without an answer, or were another owner’s', { timeout: 60_000 }, async () => {
    expect(await failuresChangeNothing(300)).toBeGreaterThan(300);
  });
});

const alice = newId();
const bob = newId();

/** Batches of two, handed over together; each load but the first is taken before the batch before is in, or after. */
async function inTwos(commands: readonly RoomCommand[], taken: 'before' | 'after') {
  const long = taken === 'before' ? 'commit' : 'committed';
  const core = await createPipelinedCore({ batchSize: 2, turns: (of) => (of === long ? 20 : of === 'load' ? 5 : 0) });
  onTestFinished(() => core.stop());
  await core.handle(recordsOf(commands));
  expect(core.loads[taken]).toBeGreaterThan(0);
  return core;
}

describe.each(['before', 'after'] as const)('what the batch before did counts in the next, loaded %s that is in', (taken) => {
  test('a removed member posts', async () => {
    const room = speaker(newId());
    const core = await inTwos(
      [room.create(alice), room.join(alice, 'owner'), room.join(bob), room.remove(bob, alice), room.post(bob), room.post(alice)],
      taken,
    );
    await core.stop();
    expect(core.results(bob).map((result) => result.code)).toEqual(['not_member']);
    expect(core.results(alice).map((result) => result.seq)).toEqual([5]);
  });

  test('a client id comes in both, with the same and with another body', async () => {
    const room = speaker(newId());
    const id = newId();
    const post = room.post(alice, 'one', id);
    const core = await inTwos([room.create(alice), room.join(alice, 'owner'), room.join(bob), post, post, room.post(alice, 'two', id)], taken);
    await core.stop();
    expect(core.results(alice).map(({ status, seq, code }) => [status, seq, code])).toEqual([
      ['committed', 4, undefined],
      ['committed', 4, undefined],
      ['rejected', undefined, 'client_id_reused'],
    ]);
  });

  test('a message that was posted and deleted is edited, and one that was posted is deleted', async () => {
    const room = speaker(newId());
    const posts = [room.post(alice, 'one'), room.post(alice, 'two')];
    const core = await inTwos(
      [room.create(alice), room.join(alice, 'owner'), ...posts, room.del(alice, 3), room.post(alice), room.edit(alice, 3, 'x'), room.del(alice, 4)],
      taken,
    );
    await core.stop();
    expect(core.results(alice).map(({ seq, code }) => seq ?? code)).toEqual([3, 4, 5, 6, 'message_deleted', 7]);
    const { events } = await core.store.events(room.room, 0, 10);
    expect(events.filter((event) => event.type === 'message.posted').map((event) => event.body.text)).toEqual([null, null, 'hello']);
  });

  test('a gap is filled, and an import answers what was brought just before', async () => {
    const room = speaker(newId());
    const first = newId();
    const core = await inTwos(
      [
        room.create(alice),
        room.join(alice, 'owner'),
        room.bring(bob, 'first', first),
        room.change(alice, { type: 'room.topic_changed', body: { topic: 'too early' } }, 4),
        room.bring(bob, 'second', newId(), { author: bob, clientId: first }),
        room.change(alice, { type: 'room.archived', body: {} }, 3),
        room.change(alice, { type: 'room.topic_changed', body: { topic: 'in time' } }, 4),
        room.post(alice),
      ],
      taken,
    );
    await core.stop();
    const { events } = await core.store.events(room.room, 0, 10);
    expect(events.map((event) => event.type)).toEqual([
      'room.created',
      'member.joined',
      'message.posted',
      'message.posted',
      'room.archived',
      'room.topic_changed',
    ]);
    expect(events[3]?.body).toMatchObject({ replyTo: 3 });
    expect(core.results(alice).map((result) => result.code)).toEqual(['room_archived']);
  });
});

describe('a batch that fails while the next is decided', () => {
  const room = speaker(newId());
  const records = recordsOf([room.create(alice), room.join(alice, 'owner'), ...['a', 'b', 'c', 'd', 'e', 'f'].map((text) => room.post(alice, text))]);
  const says = (write: BatchWrite, text: string): boolean => write.events.some((event) => event.body.text === text);
  const failing = async (fail: (write: BatchWrite, store: Store) => Promise<void>) => {
    const store = createMemoryStore();
    const core = await createPipelinedCore({
      batchSize: 2,
      store,
      turns: () => 3,
      commit: async (write) => {
        await fail(write, store);
        return store.commit(write);
      },
    });
    onTestFinished(() => core.stop());
    return core;
  };
  const once = (act: (write: BatchWrite, store: Store) => Promise<void>) => {
    let done = false;
    return async (write: BatchWrite, store: Store): Promise<void> => {
      if (done || !says(write, 'c')) return;
      done = true;
      await act(write, store);
    };
  };

  test('by an error: nothing of the two is written or told, and the repetition decides them as if nothing had been', async () => {
    const core = await failing(once(async () => Promise.reject(new Error('the connection ended'))));
    await expect(core.handle(records)).rejects.toThrow('the connection ended');
    expect((await core.store.events(room.room, 0, 10)).head).toBe(4);
    expect(core.told(room.room)).toEqual([1, 2, 3, 4]);
    expect(core.results(alice)).toHaveLength(2);
    await core.handle(records);
    await core.stop();
    expect(core.told(room.room)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(core.results(alice).map((result) => result.seq)).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('by another owner: nothing of the two is written or told, nor anything after, until the positions are asked for', async () => {
    const core = await failing(once(async (write, store) => void (await store.commit(write))));
    await expect(core.handle(records)).rejects.toThrow('Another owner');
    expect((await core.store.events(room.room, 0, 10)).head).toBe(6);
    expect(core.told(room.room)).toEqual([1, 2, 3, 4]);
    await core.handle(records);
    expect((await core.store.events(room.room, 0, 10)).head).toBe(6);
    await core.take(records);
    expect((await core.store.events(room.room, 0, 10)).head).toBe(6);
  });

  test('by its data: the offender is found, and the others and the next batch are decided without it', async () => {
    const core = await failing(async (write) => {
      if (says(write, 'c')) throw new DataError('refused');
    });
    await core.handle(records);
    await core.stop();
    expect(core.results(alice).map(({ code, seq }) => code ?? seq)).toEqual([3, 4, 'poison', 5, 6, 7]);
    expect(core.told(room.room)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

test('what was prepared over a failed batch is waited for, dropped, and prepared again over nothing', async () => {
  const calls: string[] = [];
  await pipeline(
    [1, 2, 3],
    async (batch, before: string | null) => `${batch} over ${before?.slice(0, 1) ?? 'nothing'}`,
    async (prepared) => {
      calls.push(prepared);
      if (prepared.startsWith('1')) throw new Error('refused');
    },
    async (batch) => void calls.push(`${batch} otherwise`),
  );
  expect(calls).toEqual(['1 over nothing', '1 otherwise', '2 over nothing', '3 over 2']);
});

test('parts are nearly equal and lose nothing', () => {
  const all = Array.from({ length: 260 }, (_, i) => i);
  for (const length of [0, 1, 99, 100, 149, 150, 251, 260]) {
    const parts = chunksOf(all.slice(0, length), 100);
    expect(parts.flat()).toEqual(all.slice(0, length));
    const sizes = parts.map((part) => part.length);
    expect(Math.max(0, ...sizes) - Math.min(150, ...sizes)).toBeLessThanOrEqual(1);
    expect(Math.max(0, ...sizes)).toBeLessThan(150);
  }
});
