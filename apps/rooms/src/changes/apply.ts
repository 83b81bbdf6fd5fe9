// From a room and its changes to what the room is afterwards: the one place where a change gets its meaning in this service. Pure.
import type { Role, RoomChange } from '@parley/protocol';
import type { RoomView } from './room-view.ts';

export interface Applied {
  readonly room: RoomView;
  /** user -> role afterwards; null: no member any more. Only those whose membership changed. */
  readonly touched: ReadonlyMap<string, Role | null>;
}

/** What a room is before its first change. */
export const unborn = (id: string): RoomView => ({
  id,
  kind: 'group',
  name: null,
  topic: '',
  visibility: 'private',
  history: 'all',
  archived: false,
  mver: 0,
  members: 0,
  owners: 0,
  roles: new Map(),
});

const describe = (room: RoomView, change: RoomChange): RoomView => {
  switch (change.type) {
    case 'room.created':
      return { ...room, ...change.body };
    case 'room.renamed':
    case 'room.topic_changed':
      return { ...room, ...change.body };
    case 'room.archived':
      return { ...room, archived: true };
    case 'room.restored':
      return { ...room, archived: false };
    default:
      return room;
  }
};

const roleAfter = (change: RoomChange): { user: string; role: Role | null } | null => {
  switch (change.type) {
    case 'member.joined':
    case 'member.role_changed':
      return change.body;
    case 'member.left':
    case 'member.removed':
      return { user: change.body.user, role: null };
    default:
      return null;
  }
};

/** `room.roles` must hold everybody whom the changes name and who is a member. mver grows by one per change. */
export function applyChanges(room: RoomView, changes: readonly RoomChange[]): Applied {
  const roles = new Map(room.roles);
  const touched = new Map<string, Role | null>();
  let { members, owners } = room;
  let next = room;
  for (const change of changes) {
    next = describe(next, change);
    const after = roleAfter(change);
    if (after === null) continue;
    const before = roles.get(after.user) ?? null;
    members += Number(after.role !== null) - Number(before !== null);
    owners += Number(after.role === 'owner') - Number(before === 'owner');
    if (after.role === null) roles.delete(after.user);
    else roles.set(after.user, after.role);
    touched.set(after.user, after.role);
  }
  return { room: { ...next, mver: room.mver + changes.length, members, owners, roles }, touched };
}
