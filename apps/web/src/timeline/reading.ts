// Reading: where the "new" line stands, and when the room counts as read (visible, focused, at its end, nothing held back by the reader).
import { useCallback, useEffect, useRef, useState } from 'react';
import { type NewLine, nextNewLine } from '../model/new-line.ts';
import type { RoomState } from '../model/shapes.ts';
import { useAttention } from '../state/attention.ts';
import { useParley } from '../state/client.tsx';

export interface Reading {
  readonly readUpTo: number | null;
  readonly markUnread: (seq: number) => void;
  readonly markRead: () => void;
}

export function useReading(room: RoomState, atEnd: boolean): Reading {
  const parley = useParley();
  const attention = useAttention();
  // "Mark unread from here" must last while one looks at the room: it ends when one comes back to it.
  const [held, setHeld] = useState(false);
  const line = useRef<NewLine | null>(null);
  const reading = attention && atEnd && room.sync === 'live' && !held;
  line.current = nextNewLine(line.current, { room: room.id, mark: room.read.seq, unread: room.read.unread, reading });
  const newest = room.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (reading && room.read.seq < newest) parley.room(room.id).markRead();
  }, [parley, reading, room.id, room.read.seq, newest]);
  useEffect(() => {
    if (!attention) setHeld(false);
  }, [attention]);
  const markUnread = useCallback(
    (seq: number) => {
      setHeld(true);
      parley.room(room.id).markUnread(seq);
    },
    [parley, room.id],
  );
  const markRead = useCallback(() => {
    setHeld(false);
    parley.room(room.id).markRead();
  }, [parley, room.id]);
  return { readUpTo: line.current.readUpTo, markUnread, markRead };
}
