// Removing somebody. Admins do not touch owners; removing oneself is leaving. Pure.
import { ParleyError } from '@parley/protocol';
import { leaveRoom } from './leave-room.ts';
import { checkMember, checkNotDirect, type Decide } from './room-view.ts';

/** Throws not_found (room or member), not_member, direct_room, forbidden or last_owner. */
export const removeMember =
  (caller: string, user: string): Decide =>
  (room) => {
    const role = checkMember(room, caller);
    checkNotDirect(room);
    if (user === caller) return leaveRoom(caller)(room);
    if (role === 'member') throw new ParleyError('forbidden', 'Only owners and admins may remove people.');
    const theirs = room.roles.get(user);
    if (theirs === undefined) throw new ParleyError('not_found', 'They are not a member of this room.');
    if (theirs === 'owner' && role !== 'owner') throw new ParleyError('forbidden', 'Only owners may remove an owner.');
    return [{ type: 'member.removed', body: { user } }];
  };
