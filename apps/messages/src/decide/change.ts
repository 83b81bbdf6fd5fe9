// What rooms has decided. It is never judged here, only put in its order: mver = last + 1 becomes an event, smaller was applied before.
import type { RoomEvent } from '@parley/protocol';
import type { Decision } from './decision.ts';
import type { ChangeInput } from './decode.ts';
import type { RoomState } from './state.ts';

/**
 * At a gap the change is dropped, the alarm is raised and rooms is asked to send again from last + 1. Members' commands of that room go on
 * being decided, on the membership that is known: the log is then the same as if rooms had made its later changes a little later, which
 * rooms never promises against. Refusing the commands instead would turn rooms' fault into final rejections of accepted messages, and
 * holding them back would stop the whole partition, whose offset is one number. Nothing after the gap is applied, so no removal is undone
 * and no membership is taken out of order.
 */
export function decideChange(room: RoomState, command: ChangeInput): Decision {
  const { mver, change, author, time } = command;
  if (mver <= room.head.mver) return { kind: 'dropped' };
  if (mver !== room.head.mver + 1) return { kind: 'gap', after: room.head.mver };
  // A room's first change makes it; anything else in its place means that the first one is missing.
  if (!room.head.exists && change.type !== 'room.created') return { kind: 'gap', after: 0 };
  const { head, msgNo } = room.head;
  const event = { room: room.room, seq: head + 1, author, time, clientId: null, msgNo, type: change.type, body: change.body } as RoomEvent;
  return { kind: 'event', event, mver, result: null };
}
