// An event applied to what the room was before it: the one place that says what each event does. Pure; also the reference for a rebuild.
// It must apply any event that decide made, and never judge: judging is decide's.
import type { RoomEvent, RoomEventOf } from '@parley/protocol';
import type { Membership, MessageState, Reactions, RoomHead, RoomState } from './state.ts';

/** Changes `room` in place by one event; `event.seq` must be `room.head.head + 1`. `mver`: rooms' number of the change, else null. */
export function applyEvent(room: RoomState, event: RoomEvent, mver: number | null): void {
  room.head = { ...room.head, head: event.seq, msgNo: event.msgNo, mver: mver ?? room.head.mver, ...headChange(room, event) };
  switch (event.type) {
    case 'member.joined':
    case 'member.role_changed':
    case 'member.left':
    case 'member.removed':
      applyMembership(room, event);
      return;
    case 'message.posted':
      room.messages.set(event.seq, { seq: event.seq, author: event.author, deleted: false, edited: null, reactions: {}, ver: event.seq });
      return;
    case 'message.edited':
      changeMessage(room, event.body.target, { edited: event.seq, ver: event.seq });
      return;
    case 'message.deleted':
      changeMessage(room, event.body.target, { deleted: true, reactions: {}, ver: event.seq });
      return;
    case 'reaction.added':
    case 'reaction.removed':
      applyReaction(room, event);
      return;
  }
}

/** Is this person a member as of now? */
export const memberOf = (room: RoomState, user: string): Membership | null => {
  const member = room.members.get(user);
  return member && member.role !== null ? member : null;
};

function headChange(room: RoomState, event: RoomEvent): Partial<RoomHead> {
  switch (event.type) {
    case 'room.created':
      return { exists: true, ...event.body };
    case 'room.renamed':
      return { name: event.body.name };
    case 'room.topic_changed':
      return { topic: event.body.topic };
    case 'room.archived':
      return { archived: true };
    case 'room.restored':
      return { archived: false };
    case 'member.joined':
      return { memberCount: room.head.memberCount + (memberOf(room, event.body.user) ? 0 : 1) };
    case 'member.left':
    case 'member.removed':
      return { memberCount: room.head.memberCount - (memberOf(room, event.body.user) ? 1 : 0) };
    case 'message.posted':
      return { lastMessageAt: event.time };
    default:
      return {};
  }
}

function applyMembership(room: RoomState, event: RoomEventOf<'member.joined' | 'member.role_changed' | 'member.left' | 'member.removed'>): void {
  const { user } = event.body;
  if (event.type === 'member.joined') {
    // Joining again always resets the floor: what was said in between was not theirs (design.md, 8).
    const floor = room.head.history === 'all' ? 0 : event.seq - 1;
    room.members.set(user, { role: event.body.role, floor, joinSeq: event.seq });
    return;
  }
  const member = room.members.get(user);
  if (!member) return;
  if (event.type === 'member.role_changed') {
    if (member.role !== null) room.members.set(user, { ...member, role: event.body.role });
  } else room.members.set(user, { ...member, role: null });
}

function changeMessage(room: RoomState, target: number, change: Partial<MessageState>): void {
  const message = room.messages.get(target);
  if (message) room.messages.set(target, { ...message, ...change });
}

function applyReaction(room: RoomState, event: RoomEventOf<'reaction.added' | 'reaction.removed'>): void {
  const { target, emoji } = event.body;
  const message = room.messages.get(target);
  if (!message) return;
  // Object.hasOwn: an emoji is any short text, `constructor` too.
  const others = (Object.hasOwn(message.reactions, emoji) ? (message.reactions[emoji] ?? []) : []).filter((user) => user !== event.author);
  const who = event.type === 'reaction.added' ? [...others, event.author] : others;
  changeMessage(room, target, { reactions: withReaction(message.reactions, emoji, who), ver: event.seq });
}

/** Kinds keep the order in which they first came; a kind that nobody holds is gone. */
function withReaction(reactions: Reactions, emoji: string, who: readonly string[]): Reactions {
  if (who.length > 0) return { ...reactions, [emoji]: who };
  const { [emoji]: _gone, ...rest } = reactions;
  return rest;
}
