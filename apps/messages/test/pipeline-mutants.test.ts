// Mistakes planted into what one batch leaves for the next: the property that overlapping batches are held to must find each of them.
import { expect, test, vi } from 'vitest';
import type { RoomState } from '../src/decide/state.ts';
import { overlappingChangesNothing } from './pipeline-property.ts';

type Rooms = ReadonlyMap<string, RoomState>;
type CarryOver = (left: Rooms, loaded: Rooms) => Rooms;

const planted = vi.hoisted(() => ({ carryOver: null as unknown as CarryOver }));
vi.mock('../src/pipeline/carry-over.ts', () => ({ carryOver: (left: Rooms, loaded: Rooms) => planted.carryOver(left, loaded) }));
const { carryOver } = await vi.importActual<{ carryOver: CarryOver }>('../src/pipeline/carry-over.ts');

const each = (change: (left: RoomState, loaded: RoomState) => RoomState): CarryOver => {
  return (left, loaded) => {
    const before = new Map(
      [...left].map(([room, state]) => [
        room,
        { ...state, members: new Map(state.members), messages: new Map(state.messages), results: new Map(state.results) },
      ]),
    );
    const right = carryOver(left, loaded);
    return new Map([...right].map(([room, state]) => [room, before.has(room) ? change({ ...state }, loaded.get(room) as RoomState) : state]));
  };
};

const MUTANTS: Record<string, CarryOver> = {
  'what the batch before did is ignored': (_, loaded) => loaded,
  'the head is as loaded': each((state, loaded) => ({ ...state, head: loaded.head })),
  'a member is as loaded': each((state, { members }) => ({ ...state, members: new Map([...state.members, ...members]) })),
  'a message is as loaded': each((state, { messages }) => ({ ...state, messages: new Map([...state.messages, ...messages]) })),
  'members are only those loaded': each((state, { members }) => ({ ...state, members: new Map(members) })),
  'messages are only those loaded': each((state, { messages }) => ({ ...state, messages: new Map(messages) })),
  'results are only those loaded': each((state, { results }) => ({ ...state, results: new Map(results) })),
  'what only the next batch names is not taken': (left, loaded) => new Map([...loaded].map(([room, fresh]) => [room, left.get(room) ?? fresh])),
};

test('planting nothing finds nothing', async () => {
  planted.carryOver = each((state) => state);
  await overlappingChangesNothing(40);
});

test.each(Object.keys(MUTANTS))('finds: %s', { timeout: 60_000 }, async (name) => {
  planted.carryOver = MUTANTS[name] as CarryOver;
  await expect(overlappingChangesNothing(2_000)).rejects.toThrow();
});
