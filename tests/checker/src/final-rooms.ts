// The authority of every check: a room's whole log at the end, folded into views, messages and members.
// Folded here by code of its own, never by the server's or the SDK's: a shared mistake would hide itself.
import { isDeepStrictEqual } from 'node:util';
import { type AnyRoomEvent, countsAsUnread, LIMITS, type Message, type RoomEvent } from '@parley/protocol';
import type { FinalRoomRecord } from './history.ts';

/** One stay of a member: events with floor < seq <= end are theirs to see. `joined` is the seq of member.joined. */
export interface View {
  readonly floor: number;
  readonly joined: number;
  end: number;
}

export interface FinalRoom {
  readonly record: FinalRoomRecord;
  readonly head: number;
  readonly views: ReadonlyMap<string, readonly View[]>;
  readonly messages: ReadonlyMap<number, Message>;
  /** The seqs of message.posted, ascending. */
  readonly posted: readonly number[];
  readonly roles: ReadonlyMap<string, string>;
  readonly wasArchived: boolean;
}

const drop = ({ attachments: _gone, ...message }: Message, seq: number): Message => ({ ...message, text: null, deleted: true, ver: seq });

function changed(message: Message, event: RoomEvent): Message {
  switch (event.type) {
    case 'message.edited':
      return { ...message, text: event.body.text, edited: event.seq, ver: event.seq };
    case 'message.deleted':
      return drop(message, event.seq);
    case 'reaction.added': {
      const who = message.reactions[event.body.emoji] ?? [];
      const next = who.includes(event.author) ? who : [...who, event.author];
      return { ...message, reactions: { ...message.reactions, [event.body.emoji]: next }, ver: event.seq };
    }
    case 'reaction.removed': {
      const { [event.body.emoji]: who = [], ...others } = message.reactions;
      const left = who.filter((user) => user !== event.author);
      return { ...message, reactions: left.length > 0 ? { ...others, [event.body.emoji]: left } : others, ver: event.seq };
    }
    default:
      return message;
  }
}

const posted = (event: RoomEvent & { type: 'message.posted' }): Message => ({
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

interface Folding {
  readonly record: FinalRoomRecord;
  readonly views: Map<string, View[]>;
  readonly messages: Map<number, Message>;
  readonly posted: number[];
  readonly roles: Map<string, string>;
  wasArchived: boolean;
}

function foldMembership(into: Folding, event: RoomEvent): void {
  if (event.type === 'member.joined') {
    const { user, role } = event.body;
    if (!into.roles.has(user)) {
      const views = into.views.get(user) ?? [];
      views.push({ floor: into.record.history === 'all' ? 0 : event.seq - 1, joined: event.seq, end: Number.POSITIVE_INFINITY });
      into.views.set(user, views);
    }
    into.roles.set(user, role);
  } else if (event.type === 'member.left' || event.type === 'member.removed') {
    const last = into.views.get(event.body.user)?.at(-1);
    if (last !== undefined && into.roles.delete(event.body.user)) last.end = event.seq - 1;
  } else if (event.type === 'member.role_changed') into.roles.set(event.body.user, event.body.role);
  else if (event.type === 'room.archived') into.wasArchived = true;
}

export function foldFinalRoom(record: FinalRoomRecord): FinalRoom {
  const into: Folding = { record, views: new Map(), messages: new Map(), posted: [], roles: new Map(), wasArchived: false };
  for (const any of record.events) {
    const event = any as RoomEvent;
    foldMembership(into, event);
    if (event.type === 'message.posted') {
      into.messages.set(event.seq, posted(event));
      into.posted.push(event.seq);
    } else if ('target' in event.body) {
      const target = into.messages.get(event.body.target);
      if (target !== undefined) into.messages.set(target.seq, changed(target, event));
    }
  }
  return { ...into, head: record.events.at(-1)?.seq ?? 0 };
}

/** The view that is open at the end; undefined: not a member. */
export function presentView(room: FinalRoom, user: string): View | undefined {
  const last = room.views.get(user)?.at(-1);
  return last?.end === Number.POSITIVE_INFINITY ? last : undefined;
}

/** Unread of `user` at the head, with the mark at `mark`, recounted from nothing. */
export function recountUnread(room: FinalRoom, user: string, mark: number, floor: number): number {
  let unread = 0;
  for (const seq of room.posted) {
    const message = room.messages.get(seq);
    if (seq > floor && message !== undefined && countsAsUnread(message, user, mark)) unread++;
  }
  return Math.min(LIMITS.unread, unread);
}

/** Whether `deleted` messages beyond the mark could have kept a capped count above the true one. */
export const mayBeCapped = (room: FinalRoom, mark: number): boolean => room.posted.filter((seq) => seq > mark).length >= LIMITS.unread;

/** Events are one and the same but for what deletion, retention or erasure took out of the later copy. */
export function sameEvent(a: AnyRoomEvent, b: AnyRoomEvent): boolean {
  if (a.seq !== b.seq || a.type !== b.type || a.author !== b.author || a.clientId !== b.clientId || a.msgNo !== b.msgNo || a.time !== b.time) return false;
  const left = a.body as Record<string, unknown>;
  const right = b.body as Record<string, unknown>;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) {
    if (left[key] === right[key]) continue;
    // One of them as it was before the deletion: its text and its files are unknown, not other.
    if ((key === 'text' || key === 'attachments') && (left.text === null || right.text === null)) continue;
    if (!isDeepStrictEqual(left[key], right[key])) return false;
  }
  return true;
}

const reactionsKey = (message: Message): string =>
  Object.entries(message.reactions)
    .filter(([, who]) => who.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([emoji, who]) => `${emoji}:${who.join()}`)
    .join(' ');

/** The first field in which a client's message differs from the folded one, or null. */
export function messageDifference(is: Message, should: Message): string | null {
  for (const field of ['author', 'clientId', 'time', 'msgNo', 'text', 'replyTo', 'thread', 'deleted'] as const) if (is[field] !== should[field]) return field;
  if (should.deleted) return null;
  if (is.edited !== should.edited) return 'edited';
  if (is.ver !== should.ver) return 'ver';
  if (!isDeepStrictEqual(is.attachments, should.attachments)) return 'attachments';
  return reactionsKey(is) === reactionsKey(should) ? null : 'reactions';
}
