// The newest frames of one room, encoded, bounded by bytes and age. It holds a contiguous run up to the head; never the only copy of anything.
import type { ReadyBytes } from '../client-socket.ts';

/** The bytes one after the other; one alone is not copied. */
export const join = (frames: readonly ReadyBytes[]): ReadyBytes => (frames.length === 1 ? (frames[0] as ReadyBytes) : Buffer.concat(frames));

/** What was let go of stays in front of the array until it is half of it, so that letting go costs nothing at thousands of events a second. */
const GONE_MIN = 256;

export class Ring {
  /** Everything with seq in (from, head] is held. */
  from: number;
  head: number;
  /** The frame of seq stands at seq - 1 - first; `times` beside it. */
  private frames: (ReadyBytes | null)[] = [];
  private times: number[] = [];
  private first: number;
  private bytes = 0;
  private readonly maxBytes: number;
  private readonly maxAgeMs: number;
  // Many sockets that come back together stand at one place: the copy for them is made once.
  private last: { from: number; head: number; bytes: ReadyBytes } | null = null;

  constructor(head: number, maxBytes: number, maxAgeMs: number) {
    this.from = head;
    this.head = head;
    this.first = head;
    this.maxBytes = maxBytes;
    this.maxAgeMs = maxAgeMs;
  }

  /** The frame of event head + 1. */
  push(bytes: ReadyBytes, now: number): void {
    this.head += 1;
    this.frames.push(bytes);
    this.times.push(now);
    this.bytes += bytes.byteLength;
    this.trim(now);
  }

  /** Lets go of what is over the bounds. */
  trim(now: number): void {
    while (this.from < this.head && (this.bytes > this.maxBytes || now - (this.times[this.from - this.first] as number) > this.maxAgeMs)) this.drop();
    this.settle();
  }

  /** Lets go of everything up to seq: a redacted message must not be handed out from memory. */
  dropTo(seq: number): void {
    while (this.from < Math.min(seq, this.head)) this.drop();
    this.settle();
  }

  /** The joined frames of (seq, head], null when there are none. Needs seq >= from. */
  after(seq: number): ReadyBytes | null {
    if (seq < this.from) throw new RangeError('The ring does not reach back that far.');
    if (seq >= this.head) return null;
    if (this.last?.from !== seq || this.last.head !== this.head)
      this.last = { from: seq, head: this.head, bytes: join(this.frames.slice(seq - this.first) as ReadyBytes[]) };
    return this.last.bytes;
  }

  private drop(): void {
    const at = this.from - this.first;
    this.bytes -= (this.frames[at] as ReadyBytes).byteLength;
    this.frames[at] = null;
    this.from += 1;
  }

  private settle(): void {
    if (this.last !== null && this.last.from < this.from) this.last = null;
    const gone = this.from - this.first;
    if (gone < GONE_MIN || gone * 2 < this.frames.length) return;
    this.frames = this.frames.slice(gone);
    this.times = this.times.slice(gone);
    this.first = this.from;
  }
}
