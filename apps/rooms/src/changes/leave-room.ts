// Leaving. A room with people in it always has an owner; the only member may go, and the room is archived behind them. Pure.
import { ParleyError, type RoomChange } from '@parley/protocol';
import { checkMember, checkNotDirect, type Decide } from './room-view.ts';

/** Throws not_found, not_member, direct_room or last_owner. An archived room can be left. */
export const leaveRoom =
  (caller: string): Decide =>
  (room) => {
    const role = checkMember(room, caller);
    checkNotDirect(room);
    const left: RoomChange = { type: 'member.left', body: { user: caller } };
    if (room.members === 1) return room.archived ? [left] : [{ type: 'room.archived', body: {} }, left];
    if (role === 'owner' && room.owners === 1) throw new ParleyError('last_owner');
    return [left];
  };
