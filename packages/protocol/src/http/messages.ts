// HTTP bodies of messages: what was said. Reads clamp at the caller's floor and are answered by the primary.
import * as z from 'zod/mini';
import { Attachment, Attachments } from '../attachments.ts';
import { AttachedText, History, Id, Role, RoomKind, Seq, TimeMs, Visibility } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { saysSomething } from '../room-commands.ts';
import { AnyRoomEvent } from '../room-events.ts';
import { ReadStateValue } from '../user-state.ts';

/** A message as it stands now. `ver` = seq of its last change: an event applies only if its seq is greater. */
export const Message = z.object({
  room: Id,
  seq: Seq,
  author: Id,
  clientId: z.nullable(Id),
  time: TimeMs,
  msgNo: Seq,
  /** null: deleted or redacted. */
  text: z.nullable(z.string()),
  replyTo: z.nullable(Seq),
  thread: z.nullable(Seq),
  /** Not there when there are none, and when the message was deleted. */
  attachments: z.optional(z.array(Attachment)),
  /** seq of the last edit, or null. */
  edited: z.nullable(Seq),
  deleted: z.boolean(),
  /** emoji -> who, in the order in which they reacted. */
  reactions: z.record(z.string(), z.array(Id)),
  ver: Seq,
});
export type Message = z.infer<typeof Message>;

export const Member = z.object({ user: Id, role: Role, joinSeq: Seq });
export type Member = z.infer<typeof Member>;

/** The room as it stands at event `seq`. */
export const RoomSummary = z.object({
  room: Id,
  epoch: Id,
  seq: Seq,
  msgNo: Seq,
  kind: RoomKind,
  name: z.nullable(z.string()),
  topic: z.string(),
  visibility: Visibility,
  history: History,
  archived: z.boolean(),
  memberCount: z.int(),
  /** Direct rooms: the two people. Else null. */
  people: z.nullable(z.array(Id)),
  role: Role,
  floor: Seq,
  joinSeq: Seq,
  read: ReadStateValue,
  /** Time of the last countable message, for sorting; null when there is none. */
  lastMessageAt: z.nullable(TimeMs),
});
export type RoomSummary = z.infer<typeof RoomSummary>;

/** GET /api/me/rooms?ids= (all of mine without ids). */
export const MyRooms = z.object({ rooms: z.array(RoomSummary) });

/** GET /api/rooms/:room/snapshot?limit=50 : position first, then state. snapshot at s + events (s, t] = snapshot at t. */
export const RoomSnapshot = z.object({
  room: RoomSummary,
  members: z.array(Member),
  messages: z.array(Message),
  notices: z.array(AnyRoomEvent),
  /** The run of messages and notices begins after this seq. */ from: Seq,
  /** Is there anything before it that I may see? */ more: z.boolean(),
});
export type RoomSnapshot = z.infer<typeof RoomSnapshot>;

/** GET /api/rooms/:room/messages?before=|after=|around=&limit= (one of the three, or none: the newest). In seq order. `at`: the room's head that the page was read at. */
export const HistoryQuery = z.object({
  before: z.optional(z.coerce.number()),
  after: z.optional(z.coerce.number()),
  around: z.optional(z.coerce.number()),
  limit: z.optional(z.coerce.number()),
});
// notices: room.* and member.* events with seq in (from, to]; the page covers exactly (from, to].
export const HistoryPage = z.object({
  at: Seq,
  from: Seq,
  to: Seq,
  messages: z.array(Message),
  notices: z.array(AnyRoomEvent),
  moreBefore: z.boolean(),
  moreAfter: z.boolean(),
});
export type HistoryPage = z.infer<typeof HistoryPage>;

/** GET /api/rooms/:room/events?after=&limit= : to fill a hole. Contiguous from after + 1. */
export const EventsPage = z.object({ events: z.array(AnyRoomEvent), head: Seq });
/** GET /api/rooms/:room/members?after=&limit= : by user id. */
export const MembersPage = z.object({ at: Seq, members: z.array(Member), more: z.boolean() });

/** PUT /api/me/state/:key */
export const PutState = z.strictObject({ value: z.unknown() });

/** POST /api/rooms/:room/import (owner of the installation): messages of another system, as commands through the log. */
export const ImportMessages = z.strictObject({
  messages: z
    .array(
      z
        .strictObject({
          clientId: Id,
          author: Id,
          time: TimeMs,
          text: AttachedText,
          replyTo: z.optional(z.nullable(z.strictObject({ author: Id, clientId: Id }))),
          attachments: z.optional(Attachments),
        })
        .check(saysSomething),
    )
    .check(z.minLength(1), z.maxLength(LIMITS.importBatch)),
});
export type ImportMessages = z.infer<typeof ImportMessages>;
/** Answered when all are committed or rejected; `pending` says how many had no result within 30 s. */
export const Imported = z.object({ committed: z.int(), rejected: z.int(), pending: z.int() });
