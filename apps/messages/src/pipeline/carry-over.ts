// What a batch was decided on and left behind is laid over what was loaded for the next, which may have been read before the first was
// written. It must never prefer what was loaded: that may be the state of before.
import type { RoomState } from '../decide/state.ts';

/**
 * The state to decide batch k+1 on, while batch k is being written. `left`: k's state after its decisions. `loaded`: what k+1 names, read
 * when all batches before k were committed; k itself may or may not have been. Answers a new map; the rooms that k touched are k's own,
 * in place, so `left` is used up: k's rows are copies and stay as they are.
 *
 * Right because each thing that can be read (a room's head, a member, a message, a result) is one of two:
 * - It is in `left`. Then k's commands named it, it was true when k was decided, and every change that k makes of it was made there. It
 *   holds from before k only for what k did not change. So `left` has it as it is after k, and what was loaded is ignored.
 * - It is not in `left`. Then k did not change it, because k changes nothing but what it holds: a head is held for each room that is
 *   named; a member by whoever asks and whoever a change is about (`needsOf`), or put there by `member.joined`; a message by its target,
 *   or put there when it is posted; a result is put there when it is decided. So it is the same before and after k, and what was loaded is
 *   right, whichever of the two was read. "Not there" is right likewise.
 * A reply of an import is two steps, the result of a client id and the message that it points to. If k decided that result, k has the
 * message as well: it posted it, or had it as the target. If not, the result was there before k, and the load answers both; should k have
 * changed that message, k's is taken. A person's own state is never read to decide (decide/user-batch.ts), so it needs no cover.
 * A room that k did not name is as it was loaded. Rooms of k that k+1 does not name are let go: who names them later loads them when k is
 * committed. Holding more than k+1 named, from k or from before, is no harm: by the above all of it is true.
 */
export function carryOver(left: ReadonlyMap<string, RoomState>, loaded: ReadonlyMap<string, RoomState>): ReadonlyMap<string, RoomState> {
  return new Map([...loaded].map(([room, fresh]) => [room, overlay(left.get(room), fresh)]));
}

function overlay(left: RoomState | undefined, loaded: RoomState): RoomState {
  if (!left) return loaded;
  addMissing(left.members, loaded.members);
  addMissing(left.messages, loaded.messages);
  addMissing(left.results, loaded.results);
  return left;
}

function addMissing<K, V>(into: Map<K, V>, from: ReadonlyMap<K, V>): void {
  for (const [key, value] of from) if (!into.has(key)) into.set(key, value);
}
