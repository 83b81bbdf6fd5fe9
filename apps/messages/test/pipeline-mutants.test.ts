// Mistakes planted into what a worker keeps of its rooms between batches: the properties that batches are held to must find each of them.
import { expect, test, vi } from 'vitest';
import type { RoomState } from '../src/decide/state.ts';
import type { MemoryOptions, RoomMemory } from '../src/pipeline/room-memory.ts';
import { failuresChangeNothing, overlappingChangesNothing } from './pipeline-property.ts';

type Create = (options?: MemoryOptions) => RoomMemory;
type Plant = (right: RoomMemory) => RoomMemory;

const planted = vi.hoisted(() => ({ create: null as unknown as Create }));
vi.mock('../src/pipeline/room-memory.ts', () => ({ createRoomMemory: (options?: MemoryOptions) => planted.create(options) }));
const { createRoomMemory } = await vi.importActual<{ createRoomMemory: Create }>('../src/pipeline/room-memory.ts');

const planting =
  (plant: Plant): Create =>
  (options) => {
    const mistaken = (memory: RoomMemory): RoomMemory => {
      const wrong: RoomMemory = plant({ ...memory, fresh: () => mistaken(memory.fresh()) });
      return wrong;
    };
    return mistaken(createRoomMemory(options));
  };

/** What is loaded is taken by a mistake: `take` is given the kept rooms, which it may change. */
const taking =
  (take: (rooms: Map<string, RoomState>, room: string, loaded: RoomState) => void): Plant =>
  (right) => ({
    ...right,
    add: (loaded) => {
      const rooms = right.rooms as Map<string, RoomState>;
      const known = new Set([...loaded.keys()].filter((room) => rooms.has(room)));
      right.add(new Map([...loaded].filter(([room]) => !known.has(room))));
      for (const room of known) take(rooms, room, loaded.get(room) as RoomState);
    },
  });

const ofBatches: Record<string, Plant> = {
  'a room is as loaded': taking((rooms, room, loaded) => rooms.set(room, loaded)),
  'the head is as loaded': taking((rooms, room, loaded) => {
    for (const kind of ['members', 'messages', 'results'] as const) {
      for (const [key, value] of loaded[kind]) ((rooms.get(room) as RoomState)[kind] as Map<unknown, unknown>).set(key, value);
    }
    (rooms.get(room) as RoomState).head = loaded.head;
  }),
  'what is loaded of a room that is kept is not taken': taking(() => {}),
  'members that are loaded later are not taken': taking((rooms, room, { messages, results }) => {
    for (const [seq, message] of messages) rooms.get(room)?.messages.set(seq, message);
    for (const [key, result] of results) rooms.get(room)?.results.set(key, result);
  }),
};

test('planting nothing finds nothing', { timeout: 60_000 }, async () => {
  planted.create = planting((right) => right);
  await overlappingChangesNothing(40);
  await failuresChangeNothing(40);
});

test.each(Object.keys(ofBatches))('finds: %s', { timeout: 60_000 }, async (name) => {
  planted.create = planting(ofBatches[name] as Plant);
  await expect(overlappingChangesNothing(2_000)).rejects.toThrow();
});

test('finds: what a batch that failed left behind is not forgotten', { timeout: 60_000 }, async () => {
  planted.create = (options) => {
    const memory: RoomMemory = { ...createRoomMemory(options), fresh: () => memory };
    return memory;
  };
  await expect(failuresChangeNothing(2_000)).rejects.toThrow();
});
