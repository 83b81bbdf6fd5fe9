// Joining by oneself: a public channel, or any room with an invitation. Pure.
import { ParleyError, type RoomChange } from '@parley/protocol';
import { checkNotArchived, checkNotDirect, checkSees, type Decide, type RoomView } from './room-view.ts';

function join(room: RoomView, caller: string): readonly RoomChange[] {
  checkNotDirect(room);
  if (room.roles.has(caller)) throw new ParleyError('already_member');
  checkNotArchived(room);
  return [{ type: 'member.joined', body: { user: caller, role: 'member' } }];
}

/** Throws not_found (private and not invited), direct_room, already_member or room_archived. */
export const joinRoom =
  (caller: string): Decide =>
  (room) => {
    checkSees(room, caller);
    return join(room, caller);
  };

/** The holder of an invitation needs no other right. Throws already_member or room_archived. */
export const joinInvited =
  (caller: string): Decide =>
  (room) =>
    join(room, caller);
