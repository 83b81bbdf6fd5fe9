// Roles: owners give and take them, and one owner always stays. Pure.
import { ParleyError, type Role } from '@parley/protocol';
import { checkMember, checkNotArchived, checkNotDirect, checkOwner, type Decide } from './room-view.ts';

/** Throws not_found (room or member), not_member, direct_room, forbidden, room_archived or last_owner. The role they have: no change. */
export const changeRole =
  (caller: string, user: string, role: Role): Decide =>
  (room) => {
    const own = checkMember(room, caller);
    checkNotDirect(room);
    checkOwner(own);
    checkNotArchived(room);
    const before = room.roles.get(user);
    if (before === undefined) throw new ParleyError('not_found', 'They are not a member of this room.');
    if (before === role) return [];
    if (before === 'owner' && room.owners === 1) throw new ParleyError('last_owner');
    return [{ type: 'member.role_changed', body: { user, role } }];
  };
