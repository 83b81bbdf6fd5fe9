// The newest frames of one room, encoded, bounded by bytes and age. It holds a contiguous run up to the head; never the only copy of anything.
import type { ReadyBytes } from '../client-socket.ts';

/** The bytes one after the other; one alone is not copied. */
export const join = (frames: readonly ReadyBytes[]): ReadyBytes => (frames.length === 1 ? (frames[0] as ReadyBytes) : Buffer.concat(frames));

interface Entry {
  readonly bytes: ReadyBytes;
  readonly at: number;
}

export class Ring {
  /** Everything with seq in (from, head] is held. */
  from: number;
  head: number;
  private entries: Entry[] = [];
  private bytes = 0;
  private readonly maxBytes: number;
  private readonly maxAgeMs: number;
  // Many sockets that come back together stand at one place: the copy for them is made once.
  private last: { from: number; head: number; bytes: ReadyBytes } | null = null;

  constructor(head: number, maxBytes: number, maxAgeMs: number) {
    this.from = head;
    this.head = head;
    this.maxBytes = maxBytes;
    this.maxAgeMs = maxAgeMs;
  }

  /** The frame of event head + 1. */
  push(bytes: ReadyBytes, now: number): void {
    this.head += 1;
    this.entries.push({ bytes, at: now });
    this.bytes += bytes.byteLength;
    this.trim(now);
  }

  /** Lets go of what is over the bounds. */
  trim(now: number): void {
    let drop = 0;
    let bytes = this.bytes;
    for (const entry of this.entries) {
      if (bytes <= this.maxBytes && now - entry.at <= this.maxAgeMs) break;
      bytes -= entry.bytes.byteLength;
      drop += 1;
    }
    if (drop > 0) this.dropTo(this.from + drop);
  }

  /** Lets go of everything up to seq: a redacted message must not be handed out from memory. */
  dropTo(seq: number): void {
    const drop = Math.min(seq, this.head) - this.from;
    if (drop <= 0) return;
    for (const entry of this.entries.splice(0, drop)) this.bytes -= entry.bytes.byteLength;
    this.from += drop;
    this.last = null;
  }

  /** The joined frames of (seq, head], null when there are none. Needs seq >= from. */
  after(seq: number): ReadyBytes | null {
    if (seq < this.from) throw new RangeError('The ring does not reach back that far.');
    if (seq >= this.head) return null;
    if (this.last?.from !== seq || this.last.head !== this.head) {
      const bytes = join(this.entries.slice(seq - this.from).map((entry) => entry.bytes));
      this.last = { from: seq, head: this.head, bytes };
    }
    return this.last.bytes;
  }
}
