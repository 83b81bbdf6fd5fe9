// A person who is erased leaves. Nobody is asked: what would keep a living person in the room is settled for them. Pure.
import type { RoomChange } from '@parley/protocol';
import type { Decide } from './room-view.ts';

/**
 * `heir`: who becomes owner when the last one goes; null when nobody is left. A direct room keeps its two people, so that its history keeps
 * its place, and is archived. The view must hold the roles of both.
 */
export const eraseMember =
  (user: string, heir: string | null): Decide =>
  (room) => {
    const role = room.roles.get(user);
    if (role === undefined) return [];
    const archived: readonly RoomChange[] = room.archived ? [] : [{ type: 'room.archived', body: {} }];
    if (room.kind === 'direct') return archived;
    const left: RoomChange = { type: 'member.left', body: { user } };
    if (heir === null || room.members === 1) return [...archived, left];
    if (role === 'owner' && room.owners === 1) return [{ type: 'member.role_changed', body: { user: heir, role: 'owner' } }, left];
    return [left];
  };
