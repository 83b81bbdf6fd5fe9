// What rooms and people are called on the screen. Pure.
import type { People, RoomState } from './shapes.ts';

export const personName = (people: People, id: string): string => people.get(id)?.name ?? '…';

/** The other person of a direct room; myself when I talk to myself; null when it is not a direct room. */
export function otherPerson(room: RoomState, me: string): string | null {
  if (room.summary?.kind !== 'direct') return null;
  return room.summary.people?.find((id) => id !== me) ?? me;
}

export function roomName(room: RoomState, people: People, me: string): string {
  const other = otherPerson(room, me);
  if (other === null) return room.summary?.name ?? '…';
  return other === me ? `${personName(people, me)} (you)` : personName(people, other);
}

/** "#general" where a channel is meant in a sentence; plain names otherwise. */
export const roomTitle = (room: RoomState, people: People, me: string): string =>
  room.summary?.kind === 'channel' ? `#${roomName(room, people, me)}` : roomName(room, people, me);

/** One or two letters for an avatar. */
export function initials(name: string): string {
  const words = name.split(/[\s._|[\]-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? name];
  return letters
    .map((word) => [...(word ?? '')].find((char) => /[\p{L}\p{N}]/u.test(char)) ?? '')
    .join('')
    .toUpperCase();
}

export const AVATAR_HUES = 12;

/** The same colour for a person everywhere and for ever: from the id, not the name. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash % AVATAR_HUES;
}

/** "Ada", "Ada and Bo", "Ada, Bo and 3 others". */
export function listNames(names: readonly string[], shown = 2): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= shown) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const rest = names.length - shown;
  return `${names.slice(0, shown).join(', ')} and ${rest} ${rest === 1 ? 'other' : 'others'}`;
}
