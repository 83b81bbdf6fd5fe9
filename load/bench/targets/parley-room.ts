// Rooms as the Parley targets number them: user i is a member of room i modulo their count, and what the load client calls `r7` is room 7.

import type { FeedPublish } from '@parley/ports';
import { type AnyRoomEvent, channelOf } from '@parley/protocol';

const PUBLISHER = '00000005-0000-7000-8000-000000000001';
const pad = (n: number): string => String(n).padStart(12, '0');

export const roomOf = (n: number): string => `00000001-0000-7000-8000-${pad(n)}`;
export const userOf = (n: number): string => `00000002-0000-7000-8000-${pad(n)}`;
export const numberOf = (id: string): number => Number(id.slice(-12));

/** Stands for messages' commit: takes what the load client publishes and answers it as a committed event, ready for the feed. */
export function createCommitter(): (message: string) => FeedPublish {
  const heads = new Map<string, number>();
  return (message) => {
    const { room: name, body } = JSON.parse(message) as { room: string; body: string };
    const room = roomOf(Number(name.slice(1)));
    const seq = (heads.get(room) ?? 0) + 1;
    heads.set(room, seq);
    const event: AnyRoomEvent = {
      room,
      seq,
      author: PUBLISHER,
      time: Date.now(),
      clientId: null,
      msgNo: seq,
      type: 'message.posted',
      body: { text: body, replyTo: null, thread: null },
    };
    return { channel: channelOf.room(room), payload: { room, events: [event] }, tail: { from: seq, to: seq } };
  };
}
