// Adding people who exist (the caller has checked that). Those who are in already are passed over. Pure.
import type { RoomChange } from '@parley/protocol';
import { checkMayLead, checkMember, checkNotArchived, checkNotDirect, type Decide } from './room-view.ts';

/** Throws not_found, not_member, direct_room, forbidden or room_archived. */
export const addMembers =
  (caller: string, users: readonly string[]): Decide =>
  (room) => {
    const role = checkMember(room, caller);
    checkNotDirect(room);
    checkMayLead(room, role);
    checkNotArchived(room);
    const fresh = [...new Set(users)].filter((user) => !room.roles.has(user));
    return fresh.map((user): RoomChange => ({ type: 'member.joined', body: { user, role: 'member' } }));
  };
