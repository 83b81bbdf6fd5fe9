// Unread is derived, never counted up in a column: the same arithmetic on the server, in push and in the SDK.
import { LIMITS } from './limits.ts';
import type { AnyRoomEvent, RoomEventOf } from './room-events.ts';
import type { ReadStateValue } from './user-state.ts';

export interface Countable {
  readonly seq: number;
  readonly author: string;
  readonly deleted: boolean;
}

/** Is this message one that `me` has not read, with the mark at `markSeq`? The definition of unread. */
export const countsAsUnread = (message: Countable, me: string, markSeq: number): boolean => message.seq > markSeq && message.author !== me && !message.deleted;

/**
 * The read state after one more event. Pure; `event.seq` must be `read.at + 1` or more (smaller ones are already counted).
 * An own post moves the own mark, as the commit does. Source: design.md, user state.
 */
export function foldUnread(read: ReadStateValue, event: AnyRoomEvent, me: string): ReadStateValue {
  if (event.seq <= read.at) return read;
  const at = event.seq;
  if (event.type === 'message.posted') {
    if (event.author === me) return event.seq > read.seq ? { ...read, seq: event.seq, unread: 0, at } : { ...read, at };
    return { ...read, unread: Math.min(LIMITS.unread, read.unread + 1), at };
  }
  if (event.type === 'message.deleted') {
    const { target, targetAuthor } = (event as RoomEventOf<'message.deleted'>).body;
    const counted = target > read.seq && targetAuthor !== me;
    // At the cap the true number is not known; it stays at the cap until the mark moves.
    if (counted && read.unread > 0 && read.unread < LIMITS.unread) return { ...read, unread: read.unread - 1, at };
  }
  return { ...read, at };
}
