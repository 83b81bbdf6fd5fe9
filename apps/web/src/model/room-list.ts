// The rooms pane as data: sections, their order, what counts as unread. Pure.
import { LIMITS } from '@parley/sdk';
import { roomName } from './names.ts';
import type { ClientState, RoomState } from './shapes.ts';

export interface RoomSections {
  readonly channels: readonly RoomState[];
  readonly groups: readonly RoomState[];
  readonly direct: readonly RoomState[];
}

export function roomSections(state: ClientState): RoomSections {
  const me = state.me?.user.id ?? '';
  const all = [...state.rooms.values()].filter((room) => room.summary !== null);
  const of = (kind: 'channel' | 'group' | 'direct') => all.filter((room) => room.summary?.kind === kind && !room.summary.archived);
  const byName = (a: RoomState, b: RoomState) => roomName(a, state.people, me).localeCompare(roomName(b, state.people, me));
  const byTime = (a: RoomState, b: RoomState) => (b.summary?.lastMessageAt ?? 0) - (a.summary?.lastMessageAt ?? 0) || byName(a, b);
  return { channels: of('channel').sort(byName), groups: of('group').sort(byName), direct: of('direct').sort(byTime) };
}

export const roomOrder = (sections: RoomSections): readonly RoomState[] => [...sections.channels, ...sections.groups, ...sections.direct];

/** The next room with unread messages in a direction, round the end; null when there is none. Muted ones are not walked to. */
export function nextUnread(order: readonly RoomState[], current: string | null, step: 1 | -1): string | null {
  const at = order.findIndex((room) => room.id === current);
  const from = at < 0 ? (step === 1 ? -1 : order.length) : at;
  for (let i = 1; i <= order.length; i++) {
    const room = order[(from + i * step + order.length * 2) % order.length];
    if (room !== undefined && room.id !== current && room.read.unread > 0 && !room.muted) return room.id;
  }
  return null;
}

/** Messages waiting in rooms that are not muted. */
export const totalUnread = (rooms: Iterable<RoomState>): number => [...rooms].reduce((sum, room) => sum + (room.muted ? 0 : room.read.unread), 0);

export const unreadLabel = (count: number): string => (count >= LIMITS.unread ? '999+' : String(count));

/** The tab's title: "(3) #welcome · Parley". */
export function pageTitle(unread: number, room: string | null): string {
  const name = room === null ? 'Parley' : `${room} · Parley`;
  return unread > 0 ? `(${unreadLabel(unread)}) ${name}` : name;
}
