// Where the "new" line stands. It is drawn where reading stopped and stays there while the reader reads; only leaving the room or a new
// stretch of unread messages moves it. Pure.

export interface NewLine {
  readonly room: string;
  /** The line is under this seq; null: no line. */
  readonly readUpTo: number | null;
  /** Unread at the last look: 0 -> more draws a new line. */
  readonly unread: number;
  /** The mark at the last look: a mark that moved back is "mark unread from here". */
  readonly mark: number;
}

export interface Look {
  readonly room: string;
  readonly mark: number;
  readonly unread: number;
  /** The room is open, focused and at its end: what comes is read at once. */
  readonly reading: boolean;
}

/** The line after one more look at the room. The same object when nothing changed. */
export function nextNewLine(line: NewLine | null, look: Look): NewLine {
  const { room, mark, unread } = look;
  if (line === null || line.room !== room) return { room, mark, unread, readUpTo: unread > 0 ? mark : null };
  if (mark < line.mark) return { room, mark, unread, readUpTo: unread > 0 ? mark : null };
  const began = line.unread === 0 && unread > 0 && !look.reading;
  if (!began && line.unread === unread && line.mark === mark) return line;
  return { room, mark, unread, readUpTo: began ? mark : line.readUpTo };
}
