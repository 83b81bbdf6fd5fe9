// Room events: what every member of a room sees, in one dense sequence per room. (room, seq) is the identity of a message.
// A redacted form (text: null) is part of every shape that holds text: golden fixtures of both must parse for ever.
import * as z from 'zod/mini';
import { Attachment } from './attachments.ts';
import { Emoji, History, Id, Role, RoomKind, Seq, TimeMs, Visibility } from './ids.ts';

const text = z.nullable(z.string());

/** Event type -> body. `author` of the envelope is who acted; `user` in a body is who it was done to. */
export const ROOM_EVENT_BODIES = {
  'room.created': z.object({ kind: RoomKind, name: z.nullable(z.string()), topic: z.string(), visibility: Visibility, history: History }),
  'room.renamed': z.object({ name: z.string() }),
  'room.topic_changed': z.object({ topic: z.string() }),
  'room.archived': z.object({}),
  'room.restored': z.object({}),
  'member.joined': z.object({ user: Id, role: Role }),
  'member.left': z.object({ user: Id }),
  'member.removed': z.object({ user: Id }),
  'member.role_changed': z.object({ user: Id, role: Role }),
  /**
   * thread: the seq of the message that a thread hangs on; always null until threads come. attachments: not there when there are none,
   * and in the redacted form.
   */
  'message.posted': z.object({ text, replyTo: z.nullable(Seq), thread: z.nullable(Seq), attachments: z.optional(z.array(Attachment)) }),
  'message.edited': z.object({ target: Seq, text }),
  /** targetAuthor lets unread be folded without holding the target. */
  'message.deleted': z.object({ target: Seq, targetAuthor: Id }),
  'reaction.added': z.object({ target: Seq, emoji: Emoji }),
  'reaction.removed': z.object({ target: Seq, emoji: Emoji }),
} as const;

export type RoomEventType = keyof typeof ROOM_EVENT_BODIES;
export const ROOM_EVENT_TYPES = Object.keys(ROOM_EVENT_BODIES) as [RoomEventType, ...RoomEventType[]];

const envelope = {
  room: Id,
  seq: Seq,
  author: Id,
  /** When the command was taken into the log (or the time of an imported message), ms since 1970. For people, never for order. */
  time: TimeMs,
  /** The author's own id for the command; null for what rooms did. */
  clientId: z.nullable(Id),
  /** How many countable messages the room holds up to and with this event: dense over message.posted. */
  msgNo: Seq,
};

const eventOf = <T extends RoomEventType>(type: T) => z.object({ ...envelope, type: z.literal(type), body: ROOM_EVENT_BODIES[type] });

export const RoomEvent = z.discriminatedUnion('type', [
  eventOf('room.created'),
  eventOf('room.renamed'),
  eventOf('room.topic_changed'),
  eventOf('room.archived'),
  eventOf('room.restored'),
  eventOf('member.joined'),
  eventOf('member.left'),
  eventOf('member.removed'),
  eventOf('member.role_changed'),
  eventOf('message.posted'),
  eventOf('message.edited'),
  eventOf('message.deleted'),
  eventOf('reaction.added'),
  eventOf('reaction.removed'),
]);
export type RoomEvent = z.infer<typeof RoomEvent>;
export type RoomEventOf<T extends RoomEventType> = Extract<RoomEvent, { type: T }>;

/** An event of a newer server: the client keeps its place in the sequence and shows nothing. */
export const AnyRoomEvent = z.looseObject({ ...envelope, type: z.string(), body: z.looseObject({}) });
export type AnyRoomEvent = RoomEvent | z.infer<typeof AnyRoomEvent>;

/** Does this event change who may see the room? The hub applies these before anything later is written. */
export const isMembershipEvent = (event: { readonly type: string }): boolean => event.type.startsWith('member.');
