// Posting, importing, editing and deleting. A member sees (floor, end]; what is at or before the floor does not exist for them.
import type { RoomEvent, RoomEventOf } from '@parley/protocol';
import { committed, type Decision, rejected } from './decision.ts';
import type { MemberInput } from './decode.ts';
import { type Membership, type MessageState, type RoomState, resultKey } from './state.ts';

type CommandOf<T extends MemberInput['type']> = Extract<MemberInput, { type: T }>;

/** The fields that every event takes from its command. `countable`: is it a message? */
export const envelopeOf = (room: RoomState, command: MemberInput, countable: boolean) => ({
  room: room.room,
  seq: room.head.head + 1,
  author: command.author,
  time: command.time,
  clientId: command.clientId,
  msgNo: room.head.msgNo + (countable ? 1 : 0),
});

export const happened = (event: RoomEvent, hash: string): Decision => ({ kind: 'event', event, mver: null, result: committed(hash, event.seq) });

/** The message, when it is one and the member may see it. */
export const visible = (room: RoomState, member: Membership, target: number): MessageState | null =>
  target > member.floor ? (room.messages.get(target) ?? null) : null;

/** Attachments only where there are some: what was posted before files came has the same shape. Whose they are is for media to know. */
const bodyOf = (
  text: string,
  replyTo: number | null,
  attachments: RoomEventOf<'message.posted'>['body']['attachments'],
): RoomEventOf<'message.posted'>['body'] => ({
  text,
  replyTo,
  thread: null,
  ...(attachments === undefined ? {} : { attachments }),
});

export function decidePost(room: RoomState, member: Membership, command: CommandOf<'message.post'>, hash: string): Decision {
  const { text, replyTo = null, attachments } = command.body;
  // A deleted message may still be answered: its place in the room is there for everybody.
  if (replyTo !== null && !visible(room, member, replyTo)) return rejected(hash, 'no_such_message');
  return happened({ ...envelopeOf(room, command, true), type: 'message.posted', body: bodyOf(text, replyTo, attachments) }, hash);
}

/** A reply whose message is not known keeps its text and loses the link: an import is not refused for it. */
export function decideImport(room: RoomState, command: CommandOf<'message.import'>, hash: string): Decision {
  const { text, replyTo, attachments } = command.body;
  const target = replyTo && room.results.get(resultKey(replyTo.author, replyTo.clientId))?.seq;
  const link = target && room.messages.has(target) ? target : null;
  return happened({ ...envelopeOf(room, command, true), type: 'message.posted', body: bodyOf(text, link, attachments) }, hash);
}

export function decideEdit(room: RoomState, member: Membership, command: CommandOf<'message.edit'>, hash: string): Decision {
  const { target, text } = command.body;
  const message = visible(room, member, target);
  if (!message) return rejected(hash, 'no_such_message');
  if (message.author !== command.author) return rejected(hash, 'not_your_message');
  if (message.deleted) return rejected(hash, 'message_deleted');
  return happened({ ...envelopeOf(room, command, false), type: 'message.edited', body: { target, text } }, hash);
}

export function decideDelete(room: RoomState, member: Membership, command: CommandOf<'message.delete'>, hash: string): Decision {
  const { target } = command.body;
  const message = visible(room, member, target);
  if (!message) return rejected(hash, 'no_such_message');
  // Two people in a direct room are equals, whatever their roles: nobody deletes the other's words there.
  const moderates = member.role !== 'member' && room.head.kind !== 'direct';
  if (message.author !== command.author && !moderates) return rejected(hash, 'not_your_message');
  if (message.deleted) return rejected(hash, 'message_deleted');
  return happened({ ...envelopeOf(room, command, false), type: 'message.deleted', body: { target, targetAuthor: message.author } }, hash);
}

/** The event is the one of a deletion by the author: for everybody else there is no difference. */
export function decideErase(room: RoomState, command: CommandOf<'message.erase'>, hash: string): Decision {
  const { target } = command.body;
  const message = room.messages.get(target);
  if (message?.author !== command.author) return rejected(hash, 'no_such_message');
  if (message.deleted) return rejected(hash, 'message_deleted');
  return happened({ ...envelopeOf(room, command, false), type: 'message.deleted', body: { target, targetAuthor: command.author } }, hash);
}
