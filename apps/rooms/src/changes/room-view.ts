// What a decision about a room may look at, and the checks that most decisions begin with. Pure: no I/O, no clock.
import { type History, ParleyError, type Role, type RoomChange, type RoomKind, type Visibility } from '@parley/protocol';

/** A room as it stands under its row lock. */
export interface RoomView {
  readonly id: string;
  readonly kind: RoomKind;
  readonly name: string | null;
  readonly topic: string;
  readonly visibility: Visibility;
  readonly history: History;
  readonly archived: boolean;
  /** Number of the last change. */
  readonly mver: number;
  readonly members: number;
  readonly owners: number;
  /** Roles of those people that the decision asked for and who are members. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** Answers what changes, in order; [] when nothing does. Throws ParleyError. */
export type Decide = (room: RoomView) => readonly RoomChange[];

/** The one answer for a room that is absent and for one that the caller may not see: they cannot be told apart. */
export const noSuchRoom = (): ParleyError => new ParleyError('not_found', 'There is no such room.');

const isPublic = (room: RoomView): boolean => room.kind === 'channel' && room.visibility === 'public';

/** The caller's role; null: may see the room, but is no member. Throws not_found. */
export function checkSees(room: RoomView, caller: string): Role | null {
  const role = room.roles.get(caller) ?? null;
  if (role === null && !isPublic(room)) throw noSuchRoom();
  return role;
}

/** The caller's role. Throws not_found or not_member. */
export function checkMember(room: RoomView, caller: string): Role {
  const role = checkSees(room, caller);
  if (role === null) throw new ParleyError('not_member');
  return role;
}

export function checkNotDirect(room: RoomView): void {
  if (room.kind === 'direct') throw new ParleyError('direct_room');
}

export function checkNotArchived(room: RoomView): void {
  if (room.archived) throw new ParleyError('room_archived');
}

/** A group belongs to its members: any of them may. A channel is led: owners and admins may. */
export function checkMayLead(room: RoomView, role: Role): void {
  if (room.kind !== 'group' && role === 'member') throw new ParleyError('forbidden', 'Only owners and admins of the channel may do this.');
}

export function checkOwner(role: Role): void {
  if (role !== 'owner') throw new ParleyError('forbidden', 'Only owners of the room may do this.');
}
