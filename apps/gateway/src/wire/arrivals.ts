// Lets connections in a few at a time. Who comes back in a storm comes all at once, and each costs a handshake: done as they come, nobody who is
// here already would hear anything meanwhile. It knows nothing of who they are.
import type { Clock } from '@parley/ports';

const STEP_MS = 10;
/** A step that is late lets in what the time was for, up to so many steps: more would be the crowd again. */
const LATE_STEPS = 4;
/** Whoever would wait longer is better told to come again. Less than the patience of any client. */
const WAIT_MS = 8_000;

export interface ArrivalsDeps {
  readonly clock: Clock;
  /** Let in evenly; a worker whose steps are very late lets in fewer. */
  readonly perSecond: number;
}

export class Arrivals {
  private readonly clock: Clock;
  private readonly perStep: number;
  private readonly most: number;
  private waiting: (() => void)[] = [];
  /** Where the queue begins: what is before it was let in. */
  private first = 0;
  private left: number;
  private stepping = false;

  constructor({ clock, perSecond }: ArrivalsDeps) {
    this.clock = clock;
    this.perStep = this.left = Math.max(1, Math.ceil((perSecond * STEP_MS) / 1_000));
    this.most = Math.max(1, Math.floor((perSecond * WAIT_MS) / 1_000));
  }

  get size(): number {
    return this.waiting.length - this.first;
  }

  /** `enter` is called now or in its turn. False: too many wait, and it is never called. */
  come(enter: () => void): boolean {
    if (this.size >= this.most) return false;
    if (this.left > 0) {
      this.left -= 1;
      enter();
    } else this.waiting.push(enter);
    this.step();
    return true;
  }

  /** Nobody waits any more: each is called. */
  all(): void {
    for (const enter of this.waiting.splice(0).slice(this.first)) enter();
    this.first = 0;
  }

  private step(): void {
    if (this.stepping) return;
    this.stepping = true;
    const began = this.clock.monotonic();
    this.clock.after(STEP_MS, () => {
      this.stepping = false;
      const steps = Math.min(LATE_STEPS, Math.max(1, (this.clock.monotonic() - began) / STEP_MS));
      this.left = Math.round(this.perStep * steps);
      if (this.size === 0) return;
      this.step();
      while (this.left > 0 && this.size > 0) {
        this.left -= 1;
        (this.waiting[this.first++] as () => void)();
      }
      if (this.first * 2 < this.waiting.length) return;
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    });
  }
}
