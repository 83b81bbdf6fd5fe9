// The pure reducer: room + next event = room. The same events over the same snapshot give the same room as a fresh snapshot would.
// It has no clock, does no I/O, and never changes what it was given.
import { type AnyRoomEvent, foldUnread, type Member, type Message, type RoomEvent, type RoomSummary } from '@parley/protocol';
import type { RoomState } from '../api.ts';

/** Where an event stands to a room's place. next: apply it · old: it was applied · gap: something before it is missing. */
export const placeOf = (room: RoomState, event: { readonly seq: number }): 'next' | 'old' | 'gap' =>
  event.seq === room.seq + 1 ? 'next' : event.seq <= room.seq ? 'old' : 'gap';

/** Index of the message with this seq in a list in seq order, or -1. */
export function indexOfSeq(list: readonly { readonly seq: number }[], seq: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = list[middle]?.seq ?? 0;
    if (at === seq) return middle;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export const messageOf = (event: Extract<RoomEvent, { type: 'message.posted' }>): Message => ({
  room: event.room,
  seq: event.seq,
  author: event.author,
  clientId: event.clientId,
  time: event.time,
  msgNo: event.msgNo,
  text: event.body.text,
  replyTo: event.body.replyTo,
  thread: event.body.thread,
  edited: null,
  deleted: false,
  reactions: {},
  ver: event.seq,
  ...(event.body.attachments === undefined ? {} : { attachments: event.body.attachments }),
});

/** The message after a change to it; the same object when the change is older than the message (design.md: ver). */
export function changeMessage(message: Message, event: RoomEvent): Message {
  if (event.seq <= message.ver) return message;
  const ver = event.seq;
  switch (event.type) {
    case 'message.edited':
      return { ...message, text: message.deleted ? null : event.body.text, edited: ver, ver };
    case 'message.deleted': {
      const { attachments: _gone, ...rest } = message;
      return { ...rest, text: null, deleted: true, reactions: {}, ver };
    }
    case 'reaction.added':
    case 'reaction.removed': {
      const { emoji } = event.body;
      // Object.hasOwn: an emoji is any short text, `constructor` too.
      const before = Object.hasOwn(message.reactions, emoji) ? (message.reactions[emoji] ?? []) : [];
      const others = before.filter((user) => user !== event.author);
      const who = event.type === 'reaction.added' ? [...others, event.author] : others;
      const { [emoji]: _gone, ...rest } = message.reactions;
      return { ...message, reactions: who.length > 0 ? { ...message.reactions, [emoji]: who } : rest, ver };
    }
    default:
      return message;
  }
}

/** The run of messages after an event: one more, or one changed; a target outside the run changes nothing. */
export function applyToMessages(messages: readonly Message[], any: AnyRoomEvent): readonly Message[] {
  const event = any as RoomEvent;
  switch (event.type) {
    case 'message.posted':
      return (messages.at(-1)?.seq ?? 0) < event.seq ? [...messages, messageOf(event)] : messages;
    case 'message.edited':
    case 'message.deleted':
    case 'reaction.added':
    case 'reaction.removed': {
      const index = indexOfSeq(messages, event.body.target);
      const before = messages[index];
      if (before === undefined) return messages;
      const after = changeMessage(before, event);
      return after === before ? messages : messages.with(index, after);
    }
    default:
      return messages;
  }
}

export const isNotice = (event: { readonly type: string }): boolean => event.type.startsWith('room.') || event.type.startsWith('member.');

export function applyToMembers(members: ReadonlyMap<string, Member> | null, any: AnyRoomEvent): ReadonlyMap<string, Member> | null {
  if (members === null) return null;
  const event = any as RoomEvent;
  if (event.type === 'member.joined') return new Map(members).set(event.body.user, { user: event.body.user, role: event.body.role, joinSeq: event.seq });
  if (event.type === 'member.left' || event.type === 'member.removed') {
    const after = new Map(members);
    return after.delete(event.body.user) ? after : members;
  }
  if (event.type === 'member.role_changed') {
    const before = members.get(event.body.user);
    return before === undefined ? members : new Map(members).set(event.body.user, { ...before, role: event.body.role });
  }
  return members;
}

function applyToSummary(summary: RoomSummary, any: AnyRoomEvent, me: string): RoomSummary {
  const event = any as RoomEvent;
  const next = { ...summary, seq: event.seq, msgNo: event.msgNo };
  switch (event.type) {
    case 'room.created':
      return { ...next, kind: event.body.kind, name: event.body.name, topic: event.body.topic, visibility: event.body.visibility, history: event.body.history };
    case 'room.renamed':
      return { ...next, name: event.body.name };
    case 'room.topic_changed':
      return { ...next, topic: event.body.topic };
    case 'room.archived':
      return { ...next, archived: true };
    case 'room.restored':
      return { ...next, archived: false };
    case 'member.joined': {
      const joined = { ...next, memberCount: summary.memberCount + 1 };
      if (event.body.user !== me) return joined;
      return { ...joined, role: event.body.role, joinSeq: event.seq, floor: summary.history === 'all' ? 0 : event.seq - 1 };
    }
    case 'member.left':
    case 'member.removed':
      return { ...next, memberCount: Math.max(0, summary.memberCount - 1) };
    case 'member.role_changed':
      return event.body.user === me ? { ...next, role: event.body.role } : next;
    case 'message.posted':
      return { ...next, lastMessageAt: event.time };
    default:
      return next;
  }
}

/** The room after `event`, which must be `next` (placeOf); any other leaves the room as it is. */
export function applyEvent(room: RoomState, event: AnyRoomEvent, me: string): RoomState {
  if (placeOf(room, event) !== 'next') return room;
  const members = applyToMembers(room.members, event);
  const read = foldUnread(room.read, event, me);
  const summary = room.summary === null ? null : { ...applyToSummary(room.summary, event, me), read };
  return {
    ...room,
    seq: event.seq,
    // With the members at hand their number is counted, so that a change told twice counts once.
    summary: summary === null || members === null ? summary : { ...summary, memberCount: members.size },
    members,
    messages: applyToMessages(room.messages, event),
    notices: isNotice(event) ? [...room.notices, event] : room.notices,
    read,
    typing: event.type === 'message.posted' && room.typing.includes(event.author) ? room.typing.filter((user) => user !== event.author) : room.typing,
  };
}
