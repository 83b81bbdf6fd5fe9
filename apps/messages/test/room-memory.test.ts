// What a worker keeps of its rooms, in the moments in which it is no longer so; and client ids that come again when nobody remembers them.
import type { RoomCommand } from '@parley/protocol';
import { afterEach, expect, test } from 'vitest';
import { createMemoryStore } from '../src/memory/index.ts';
import { createRoomMemory } from '../src/pipeline/room-memory.ts';
import type { Store } from '../src/store/store.ts';
import { createPipelinedCore, type PipelinedCore, recordsOf } from './pipelined-core.ts';
import { newId, speaker } from './world.ts';

const alice = newId();
const bob = newId();
/** Everything is kept, and no result is asked for that is not in memory. */
const TRUSTING = { recent: 1_000, places: 1_000, careful: 0 };
const FORGETFUL = { recent: 0, places: 1_000, careful: 0 };

let cores: PipelinedCore[] = [];
afterEach(async () => {
  await Promise.all(cores.map((core) => core.stop()));
  cores = [];
});

interface Counting {
  readonly store: Store;
  readonly loads: { count: number };
}

function counting(): Counting {
  const store = createMemoryStore();
  const loads = { count: 0 };
  const load: Store['load'] = (wanted) => {
    loads.count += 1;
    return store.load(wanted);
  };
  return { store: { ...store, load }, loads };
}

async function worker(store: Store, memory = TRUSTING): Promise<PipelinedCore> {
  const core = await createPipelinedCore({ batchSize: 100, store, memory });
  cores.push(core);
  return core;
}

/** One room and its log: each call is the next part of it. */
function room() {
  const of = speaker(newId());
  const log: RoomCommand[] = [];
  return {
    ...of,
    next: (...commands: readonly RoomCommand[]) => recordsOf([...log.splice(0, log.length, ...log, ...commands), ...commands]).slice(-commands.length),
  };
}

const codes = (core: PipelinedCore, user: string) => core.results(user).map(({ seq, code }) => code ?? seq);

test('what a batch has named is not loaded again, and a member removed by one may not post in the next', async () => {
  const { store, loads } = counting();
  const core = await worker(store);
  const of = room();
  await core.handle(of.next(of.create(alice), of.join(alice, 'owner'), of.join(bob), of.post(bob)));
  const before = loads.count;
  await core.handle(of.next(of.post(bob), of.post(alice)));
  await core.handle(of.next(of.remove(bob, alice)));
  await core.handle(of.next(of.post(bob), of.edit(alice, 6, 'edited'), of.post(alice)));
  await core.stop();
  expect(loads.count).toBe(before);
  expect(codes(core, bob)).toEqual([4, 5, 'not_member']);
  expect(codes(core, alice)).toEqual([6, 8, 9]);
});

test('what another worker decided meanwhile is known to who takes over, and to who was here before and is given the partitions again', async () => {
  const { store } = counting();
  const [first, second] = [await worker(store), await worker(store)];
  const of = room();
  await first.handle(of.next(of.create(alice), of.join(alice, 'owner'), of.join(bob), of.post(bob)));
  await second.assign();
  await second.handle(of.next(of.post(bob), of.remove(bob, alice)));
  const posts = of.next(of.post(bob), of.post(alice));
  // It does not know yet that it is not the owner: bob is a member, as far as it knows.
  await first.assign();
  await first.handle(posts);
  await Promise.all([first.stop(), second.stop()]);
  expect(codes(first, bob).at(-1)).toBe('not_member');
  expect(codes(first, alice).at(-1)).toBe(7);
});

test('who was replaced and does not know it decides by what was, and writes and tells nothing of that', async () => {
  const { store } = counting();
  const [old, owner] = [await worker(store), await worker(store)];
  const of = room();
  await old.handle(of.next(of.create(alice), of.join(alice, 'owner'), of.join(bob), of.post(bob)));
  await owner.assign();
  const meanwhile = of.next(of.remove(bob, alice));
  await owner.handle(meanwhile);
  // The log still hands the old owner what it was about to hand it: the same removal, and what came behind it.
  const late = of.next(of.post(bob));
  await expect(old.handle([...meanwhile, ...late])).rejects.toThrow('Another owner');
  await expect(old.handle(late)).resolves.toBeUndefined();
  expect((await store.heads([of.room]))[of.room]).toBe(5);
  await old.assign();
  await old.handle(late);
  await Promise.all([old.stop(), owner.stop()]);
  expect(codes(old, bob).at(-1)).toBe('not_member');
});

test.each([
  ['a worker that has just begun', TRUSTING, true],
  ['a worker that remembers it', TRUSTING, false],
  ['a worker that has let go of it', FORGETFUL, false],
  ['a worker that asks for it', { ...FORGETFUL, careful: 20 }, true],
])('a client id that comes again to %s has the result that it had, and another body has none', async (_, memory, anew) => {
  const { store } = counting();
  const of = room();
  const id = newId();
  const refused = newId();
  const stranger = newId();
  const before = await worker(store, memory);
  const records = of.next(of.create(alice), of.join(alice, 'owner'), of.post(alice, 'one', id), of.post(stranger, 'x', refused));
  await before.handle(records);
  const now = anew ? await worker(store, memory) : before;
  if (anew) await before.stop();
  const repeats = [of.post(alice, 'one', id), of.post(alice, 'two', id), of.post(stranger, 'x', refused), of.post(alice, 'three')];
  await now.handle(of.next(...repeats));
  await now.stop();
  expect(codes(now, alice).slice(-3)).toEqual([3, 'client_id_reused', 4]);
  expect(codes(now, stranger).slice(-1)).toEqual(['not_member']);
  expect((await store.events(of.room, 0, 10)).events).toHaveLength(4);
});

test('a batch that was refused for a repeat takes the one that was decided over it along, and both are decided again', async () => {
  const { store } = counting();
  const of = room();
  const id = newId();
  const first = await worker(store);
  await first.handle(of.next(of.create(alice), of.join(alice, 'owner'), of.post(alice, 'one', id)));
  const core = await createPipelinedCore({ batchSize: 2, store, memory: TRUSTING });
  cores.push(core);
  // A worker that has just begun asks in its first batch.
  await core.handle(of.next(of.post(alice, 'zero')));
  await core.handle(of.next(of.post(alice, 'a'), of.post(alice, 'one', id), of.post(alice, 'b'), of.post(alice, 'c')));
  await core.stop();
  expect(codes(core, alice)).toEqual([3, 4, 5, 3, 6, 7]);
});

test('it lets go of results and messages, then of everything, when it is too much, and never while a batch is under way', () => {
  const memory = createRoomMemory({ recent: 3, places: 2, careful: 1 });
  const state = (name: string) => ({
    room: name,
    head: { exists: true } as never,
    members: new Map([[alice, { role: 'member' as const, floor: 0, joinSeq: 1 }]]),
    messages: new Map(),
    results: new Map([['r', { hash: 'h', status: 'committed' as const, seq: 1, code: null }]]),
  });
  memory.add(new Map([['one', state('one')]]));
  memory.grew(2, 0);
  expect(memory.rooms.get('one')?.results.size).toBe(1);
  memory.trim();
  expect([memory.rooms.get('one')?.results.size, memory.rooms.get('one')?.members.size]).toEqual([0, 1]);
  memory.add(new Map([['two', state('two')]]));
  expect(memory.rooms.size).toBe(2);
  memory.trim();
  expect(memory.rooms.size).toBe(0);
  expect([memory.careful(), memory.careful(), memory.fresh().careful()]).toEqual([true, false, true]);
});
