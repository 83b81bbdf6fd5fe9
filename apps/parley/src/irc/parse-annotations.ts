// Reads reply links of an annotated log: `A B -` says that line B answers line A; `A A` begins a new conversation.

export interface ReplyLinks {
  /** Line -> the lines that it answers, ascending. Lines count from 0. */
  readonly answers: ReadonlyMap<number, readonly number[]>;
  /** Lines that begin a conversation. */
  readonly starts: ReadonlySet<number>;
  /** Lines of the file that hold no link. */
  readonly skipped: number;
}

export function parseAnnotations(text: string): ReplyLinks {
  const answers = new Map<number, number[]>();
  const starts = new Set<number>();
  let skipped = 0;
  for (const row of text.split(/\r?\n/)) {
    if (row.trim() === '') continue;
    const link = /^(\d+) (\d+) -\s*$/.exec(row);
    if (link === null) {
      skipped++;
      continue;
    }
    // The files hold a few links the other way round; an answer is always the later line.
    const [earlier = 0, later = 0] = [Number(link[1]), Number(link[2])].sort((a, b) => a - b);
    if (earlier === later) {
      starts.add(later);
      continue;
    }
    const known = answers.get(later) ?? [];
    if (!known.includes(earlier))
      answers.set(
        later,
        [...known, earlier].sort((a, b) => a - b),
      );
  }
  return { answers, starts, skipped };
}
