// System lines in words: who joined, left, renamed. Many of them become one sentence. Pure.
import { listNames } from './names.ts';
import type { RoomEvent } from './shapes.ts';

type NameOf = (id: string) => string;

const field = (event: RoomEvent, name: string): string => {
  const value = (event.body as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
};

/** One event in one sentence; null for what a client of this version does not know. */
export function systemLine(event: RoomEvent, nameOf: NameOf): string | null {
  const who = nameOf(event.author);
  const whom = nameOf(field(event, 'user'));
  const self = field(event, 'user') === event.author;
  switch (event.type) {
    case 'room.created':
      return `${who} created this room`;
    case 'room.renamed':
      return `${who} renamed the room to “${field(event, 'name')}”`;
    case 'room.topic_changed':
      return field(event, 'topic') === '' ? `${who} cleared the topic` : `${who} set the topic: ${field(event, 'topic')}`;
    case 'room.archived':
      return `${who} archived the room`;
    case 'room.restored':
      return `${who} restored the room`;
    case 'member.joined':
      return self ? `${who} joined` : `${who} added ${whom}`;
    case 'member.left':
      return `${whom} left`;
    case 'member.removed':
      return `${who} removed ${whom}`;
    case 'member.role_changed':
      return field(event, 'role') === 'member' ? `${whom} is a member again` : `${whom} is now ${field(event, 'role') === 'owner' ? 'an owner' : 'an admin'}`;
    default:
      return null;
  }
}

/** Many system lines as one: "Ada, Bo and 3 others joined, Cy left, 2 other changes". */
export function foldedLine(events: readonly RoomEvent[], nameOf: NameOf): string {
  const joined = new Set<string>();
  const left = new Set<string>();
  let others = 0;
  for (const event of events) {
    const user = field(event, 'user');
    if (event.type === 'member.joined') joined.add(user);
    else if (event.type === 'member.left' || event.type === 'member.removed') left.add(user);
    else others += 1;
  }
  const names = (ids: Set<string>) => listNames([...ids].map(nameOf));
  return [
    joined.size > 0 ? `${names(joined)} joined` : '',
    left.size > 0 ? `${names(left)} left` : '',
    others > 0 ? `${others} other ${others === 1 ? 'change' : 'changes'}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
