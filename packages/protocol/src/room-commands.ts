// Room commands: what goes into the log (topic `room.command`, key = room) to be decided by `messages`.
// Two families: what a member does (through the gateway, with a client id) and what `rooms` has decided (with a dense mver).
import * as z from 'zod/mini';
import { Attachments } from './attachments.ts';
import { AttachedText, Emoji, Id, MessageText, Seq, TimeMs } from './ids.ts';
import { ROOM_EVENT_BODIES } from './room-events.ts';
import { Trace } from './trace.ts';

/** Says something: words, or files, or both. */
export const saysSomething = z.refine<{ text: string; attachments?: unknown }>(({ text, attachments }) => attachments !== undefined || text.trim().length > 0, {
  error: 'must not be blank',
  path: ['text'],
});

/** What a member may ask. `clientId` is the member's own id for it: a repeat is answered with the first result. `trace`: the sender's, if any. */
const post = z.strictObject({
  type: z.literal('message.post'),
  room: Id,
  clientId: Id,
  trace: Trace,
  body: z.strictObject({ text: AttachedText, replyTo: z.optional(z.nullable(Seq)), attachments: z.optional(Attachments) }).check(saysSomething),
});
const edit = z.strictObject({
  type: z.literal('message.edit'),
  room: Id,
  clientId: Id,
  trace: Trace,
  body: z.strictObject({ target: Seq, text: MessageText }),
});
const remove = z.strictObject({ type: z.literal('message.delete'), room: Id, clientId: Id, trace: Trace, body: z.strictObject({ target: Seq }) });
const react = z.strictObject({ type: z.literal('reaction.add'), room: Id, clientId: Id, trace: Trace, body: z.strictObject({ target: Seq, emoji: Emoji }) });
const unreact = z.strictObject({
  type: z.literal('reaction.remove'),
  room: Id,
  clientId: Id,
  trace: Trace,
  body: z.strictObject({ target: Seq, emoji: Emoji }),
});

/** A member's command as the client sends it. */
export const MemberCommand = z.discriminatedUnion('type', [post, edit, remove, react, unreact]);
export type MemberCommand = z.infer<typeof MemberCommand>;
export type MemberCommandType = MemberCommand['type'];

const logged = {
  v: z.literal(1),
  /** Who asks: taken from the token by the gateway, never from the client. */
  author: Id,
  /** When it was taken, ms since 1970. Decisions take time and ids from here, so a replay yields the same events. */
  time: TimeMs,
  /** W3C traceparent of the sender's trace. */
  trace: z.optional(z.string()),
};

const change = <
  T extends
    | 'room.created'
    | 'room.renamed'
    | 'room.topic_changed'
    | 'room.archived'
    | 'room.restored'
    | 'member.joined'
    | 'member.left'
    | 'member.removed'
    | 'member.role_changed',
>(
  type: T,
) => z.object({ type: z.literal(type), body: ROOM_EVENT_BODIES[type] });

/** One change that `rooms` has decided; it becomes the event of the same type and body. */
export const RoomChange = z.discriminatedUnion('type', [
  change('room.created'),
  change('room.renamed'),
  change('room.topic_changed'),
  change('room.archived'),
  change('room.restored'),
  change('member.joined'),
  change('member.left'),
  change('member.removed'),
  change('member.role_changed'),
]);
export type RoomChange = z.infer<typeof RoomChange>;

/** A message from another system: with its own time, and a reply link by client id, because seqs are not known yet. */
const imported = z.strictObject({
  ...logged,
  type: z.literal('message.import'),
  room: Id,
  clientId: Id,
  body: z
    .strictObject({ text: AttachedText, replyTo: z.nullable(z.strictObject({ author: Id, clientId: Id })), attachments: z.optional(Attachments) })
    .check(saysSomething),
});

/** Takes back the text of one message whose author is erased. Appended by messages itself; asks no membership, nor an open room. */
const erased = z.strictObject({ ...logged, type: z.literal('message.erase'), room: Id, clientId: Id, body: z.strictObject({ target: Seq }) });

/** The record in the log. Exactly one durable result comes of each: an event, or a rejection, or (for rooms' changes) nothing new. */
export const RoomCommand = z.discriminatedUnion('type', [
  z.strictObject({ ...post.shape, ...logged }),
  z.strictObject({ ...edit.shape, ...logged }),
  z.strictObject({ ...remove.shape, ...logged }),
  z.strictObject({ ...react.shape, ...logged }),
  z.strictObject({ ...unreact.shape, ...logged }),
  imported,
  erased,
  /** mver: dense per room, given by `rooms` under the room's row lock. messages applies last + 1, drops smaller, stops the room at a gap. */
  z.strictObject({ ...logged, type: z.literal('room.change'), room: Id, mver: z.int().check(z.positive()), change: RoomChange }),
]);
export type RoomCommand = z.infer<typeof RoomCommand>;

/** The one durable outcome of a member's command. */
export const CommandResult = z.object({
  room: Id,
  clientId: Id,
  status: z.enum(['committed', 'rejected']),
  /** committed: the event's seq. */
  seq: z.optional(Seq),
  /** rejected: a code of the error table. */
  code: z.optional(z.string()),
});
export type CommandResult = z.infer<typeof CommandResult>;
