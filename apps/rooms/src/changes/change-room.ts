// Renaming, topic, archiving and restoring: each named field becomes one change, in this order. What is so already changes nothing. Pure.
import { type ChangeRoom, ParleyError, type RoomChange } from '@parley/protocol';
import type * as z from 'zod/mini';
import { checkMayLead, checkMember, checkNotArchived, checkNotDirect, checkOwner, type Decide, type RoomView } from './room-view.ts';

export type RoomDescription = z.infer<typeof ChangeRoom>;

function describe(room: RoomView, input: RoomDescription): readonly RoomChange[] {
  const changes: RoomChange[] = [];
  const name = input.name?.trim();
  if (name === '') throw new ParleyError('invalid', 'The name must not be blank.');
  if (name !== undefined && name !== room.name) changes.push({ type: 'room.renamed', body: { name } });
  const topic = input.topic?.trim();
  if (topic !== undefined && topic !== room.topic) changes.push({ type: 'room.topic_changed', body: { topic } });
  return changes;
}

/** Throws not_found, not_member, direct_room, forbidden, room_archived or invalid. Restoring comes last: rename after it, not with it. */
export const changeRoom =
  (caller: string, input: RoomDescription): Decide =>
  (room) => {
    const role = checkMember(room, caller);
    checkNotDirect(room);
    const described = input.name !== undefined || input.topic !== undefined;
    if (described) {
      checkMayLead(room, role);
      checkNotArchived(room);
    }
    if (input.archived !== undefined) checkOwner(role);
    const changes = describe(room, input);
    if (input.archived === undefined || input.archived === room.archived) return changes;
    return [...changes, input.archived ? { type: 'room.archived', body: {} } : { type: 'room.restored', body: {} }];
  };
