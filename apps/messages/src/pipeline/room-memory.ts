// What the owner of partitions keeps of their rooms from one batch to the next, so that a batch loads only what no batch before it named.
// It must never outlive the ownership or a write that failed, and never prefer what was loaded: that may be the state of before.
import type { RoomState } from '../decide/state.ts';

/**
 * Rooms as they are after every batch decided so far, the one that is being written included. Right because each thing that can be read (a
 * room's head, a member, a message, a result) is one of two:
 * - It is kept. Then a batch named it and it was true then, because only the owner writes these tables; and every change since was decided
 *   here, in place. What a batch changes it holds: a head is held for each room that is named; a member by whoever asks and whoever a change
 *   is about (`needsOf`), or put there by `member.joined`; a message by its target, or put there when it is posted; a result is put there
 *   when it is decided.
 * - It is not kept. Then no batch that is not yet written changes it, by the same, and what the store says is right, whether it is asked
 *   before or after the batch under way is in. "Not there" is right likewise, but it is not kept: it is asked again.
 * A result that is not kept need not even be asked for: the write refuses the second result of a client id, and then the batch is decided
 * again with all results loaded. A person's own state is never read to decide (decide/user-batch.ts).
 *
 * Whoever writes in our place moves the offset that our next write compares, so nothing decided on what is no longer true is ever written:
 * that write is fenced. Then, at each assignment and after anything that failed, a `fresh` memory takes this one's place.
 */
export interface RoomMemory {
  readonly rooms: ReadonlyMap<string, RoomState>;
  /** Must the next batch ask for the results of its client ids? Counts as asked. */
  careful(): boolean;
  /** Takes what was loaded of what is not kept. */
  add(loaded: ReadonlyMap<string, RoomState>): void;
  /** So many commands were decided, so many of them changes of rooms: each has put a result and a message there, or a member. */
  grew(commands: number, changes: number): void;
  /** Lets go of what is too much. Only while nothing is under way: what an unwritten batch has changed must be kept. */
  trim(): void;
  /** One that knows nothing and is careful, at least with its first batch. What is still being prepared on this one goes with it. */
  fresh(): RoomMemory;
}

export interface MemoryOptions {
  /** Results and messages, about: some 300 bytes each. */
  readonly recent: number;
  /** Rooms and members, about: some 200 bytes each. */
  readonly places: number;
  /** So many batches of a memory that is fresh ask for the results of their client ids: repeats are likely where something was not as expected. */
  readonly careful: number;
}

export const MEMORY: MemoryOptions = { recent: 20_000, places: 100_000, careful: 20 };

export function createRoomMemory(options: MemoryOptions = MEMORY): RoomMemory {
  const rooms = new Map<string, RoomState>();
  let careful = options.careful;
  let recent = 0;
  let places = 0;
  return {
    rooms,
    careful: () => careful > 0 && careful-- > 0,
    add(loaded) {
      for (const [room, fresh] of loaded) {
        const known = rooms.get(room);
        places += 1 + fresh.members.size;
        recent += fresh.messages.size + fresh.results.size;
        if (known) addMissing(known, fresh);
        else rooms.set(room, fresh);
      }
    },
    grew(commands, changes) {
      recent += 2 * (commands - changes);
      places += changes;
    },
    trim() {
      if (places > options.places) {
        rooms.clear();
        recent = 0;
        places = 0;
      }
      if (recent <= options.recent) return;
      recent = 0;
      for (const { messages, results } of rooms.values()) {
        messages.clear();
        results.clear();
      }
    },
    fresh: () => createRoomMemory({ ...options, careful: Math.max(1, options.careful) }),
  };
}

/** The head of a room that is kept is not asked for, so there is none to take. */
function addMissing(known: RoomState, loaded: RoomState): void {
  for (const kind of ['members', 'messages', 'results'] as const) fill(known[kind] as Map<unknown, unknown>, loaded[kind]);
}

function fill(into: Map<unknown, unknown>, from: ReadonlyMap<unknown, unknown>): void {
  for (const [key, value] of from) if (!into.has(key)) into.set(key, value);
}
