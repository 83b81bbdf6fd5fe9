// One socket's place in one room, by arithmetic over seq: what came twice, late, or not at all. No k6 and no Node in here.
// It judges frames as they come from Parley, before any client would repair them.

/** What an event was, given those before it. `early`: something before it is missing so far. */
export type Step = 'next' | 'early' | 'doubled' | 'reordered';

/** Seqs that are missing are remembered one by one up to this many; above, they count as gaps at once. */
const REMEMBER = 10_000;

export class RoomPlace {
  /** Everything up to and with this seq was seen, but for what is missing. */
  seq: number;
  /** Passed over without a word so far. */
  private readonly missing = new Set<number>();
  private forgotten = 0;

  constructor(seq: number) {
    this.seq = seq;
  }

  take(seq: number): Step {
    if (seq === this.seq + 1) {
      this.seq = seq;
      return 'next';
    }
    if (seq <= this.seq) return this.missing.delete(seq) ? 'reordered' : 'doubled';
    for (let hole = this.seq + 1; hole < seq; hole++) {
      if (this.missing.size < REMEMBER) this.missing.add(hole);
      else this.forgotten++;
    }
    this.seq = seq;
    return 'early';
  }

  /** Parley said `reset`, and a snapshot at `seq` was read: what lies before it is not missed. Never goes back. */
  jump(seq: number): void {
    for (const hole of this.missing) if (hole <= seq) this.missing.delete(hole);
    this.seq = Math.max(this.seq, seq);
  }

  /** Where a resume goes on from: before the first hole, so that it is asked for again. */
  get resumeFrom(): number {
    let first = this.seq + 1;
    for (const hole of this.missing) first = Math.min(first, hole);
    return first - 1;
  }

  /** Events that later ones were seen past, and that never came. */
  get gaps(): number {
    return this.missing.size + this.forgotten;
  }

  /** Events up to `head` that this socket never got: gaps, and what is behind the last one seen. */
  lostAt(head: number): number {
    return this.gaps + Math.max(0, head - this.seq);
  }
}
