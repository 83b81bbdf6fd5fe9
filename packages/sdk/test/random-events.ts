// Event lists as a server could have made them, from a list of numbers: every event type, targets that exist, redacted forms too.
import type { AnyRoomEvent, RoomEvent } from '@parley/protocol';
import * as fc from 'fast-check';
import { membersAt, messagesAt } from './model-room.ts';

export const ROOM = '00000000-0000-7000-8000-00000000a001';
export const USERS = ['00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-0000000000a3'] as const;
export const ME = USERS[0];

export const choices = (max = 60): fc.Arbitrary<[number, number, number][]> =>
  fc.array(fc.tuple(fc.nat(15), fc.nat(30), fc.nat(30)), { maxLength: max, size: 'max' });

let made = 0;
export const nextId = (): string => `00000000-0000-7000-9000-${(++made).toString(16).padStart(12, '0')}`;

/** Events that begin a room: made by the first user, who joins. */
export const beginning = (): AnyRoomEvent[] => {
  const envelope = { room: ROOM, author: ME, time: 1, clientId: null, msgNo: 0 };
  const body = { kind: 'channel', name: 'room', topic: '', visibility: 'public', history: 'all' } as const;
  return [
    { ...envelope, seq: 1, type: 'room.created', body },
    { ...envelope, seq: 2, type: 'member.joined', body: { user: ME, role: 'owner' } },
  ];
};

/** The list with one more event, chosen by three numbers; the same list when the choice is not possible now. */
export function grow(events: readonly AnyRoomEvent[], [kind, a, b]: readonly [number, number, number]): AnyRoomEvent[] {
  const seq = events.length + 1;
  const messages = messagesAt(events, seq);
  const members = membersAt(events, seq);
  const author = USERS[b % USERS.length]!;
  const user = USERS[1 + (a % (USERS.length - 1))]!;
  const isMember = members.some((member) => member.user === user);
  const target = messages[a % Math.max(1, messages.length)];
  const envelope = { room: ROOM, seq, author, time: 1_000 + seq * ((a % 3) - 1) * 10, clientId: kind % 2 === 0 ? nextId() : null, msgNo: messages.length };
  const event = ((): RoomEvent | AnyRoomEvent | null => {
    const emoji = ['👍', 'constructor', '__proto__', '🎉'][b % 4]!;
    if (kind === 0) return { ...envelope, type: 'room.renamed', body: { name: `name ${a}` } };
    if (kind === 1) return { ...envelope, type: 'room.topic_changed', body: { topic: `topic ${a}` } };
    if (kind === 2) return { ...envelope, type: a % 2 === 0 ? 'room.archived' : 'room.restored', body: {} };
    if (kind === 3) return isMember ? null : { ...envelope, type: 'member.joined', body: { user, role: 'member' } };
    if (kind === 4) return isMember ? { ...envelope, type: a % 2 === 0 ? 'member.left' : 'member.removed', body: { user } } : null;
    if (kind === 5) return isMember ? { ...envelope, type: 'member.role_changed', body: { user, role: b % 2 === 0 ? 'admin' : 'member' } } : null;
    if (kind === 6) return { ...envelope, type: 'poll.opened', body: { question: 'of a newer server' } };
    if (target === undefined || kind > 12) {
      return { ...envelope, msgNo: messages.length + 1, type: 'message.posted', body: { text: a === 30 ? null : `text ${seq}`, replyTo: null, thread: null } };
    }
    if (target.deleted) return null;
    if (kind === 7 || kind === 8)
      return { ...envelope, author: target.author, type: 'message.edited', body: { target: target.seq, text: b === 30 ? null : `edit ${seq}` } };
    if (kind === 9) return { ...envelope, type: 'message.deleted', body: { target: target.seq, targetAuthor: target.author } };
    const holds = Object.hasOwn(target.reactions, emoji) && target.reactions[emoji]!.includes(author);
    return { ...envelope, type: holds ? 'reaction.removed' : 'reaction.added', body: { target: target.seq, emoji } };
  })();
  return event === null ? [...events] : [...events, event];
}

export const eventsOf = (list: readonly (readonly [number, number, number])[]): AnyRoomEvent[] =>
  list.reduce<AnyRoomEvent[]>((events, choice) => grow(events, choice), beginning());
