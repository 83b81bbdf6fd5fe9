// All open sockets of one server, and their heartbeats by one timer: they sit on a wheel that turns once per ping interval. When it comes to a
// socket's place the socket is pinged, and a ping timeout later it is looked at. A wheel that stood still (a blocked loop) forgives the time.
import type { Clock, Timer } from '@parley/ports';

/** What sits on the wheel. */
export interface Beating {
  /** Where; the wheel's own. */
  place: number;
  /** Its turn: ask it for a sign of life. */
  ask(): void;
  /** A ping timeout later. */
  look(): void;
}

/** So fine that few are pinged at once. */
const PLACES = 64;

export interface HeartbeatsDeps {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Shorter than the interval. */
  readonly timeoutMs: number;
}

export class Heartbeats<T extends Beating> {
  private readonly places: Set<T>[] = Array.from({ length: PLACES }, () => new Set());
  private readonly timer: Timer;
  private readonly stepMs: number;
  /** From being asked to being looked at, in places. */
  private readonly lookAfter: number;
  private now = 0;
  private count = 0;
  private onEmpty: (() => void) | null = null;
  size = 0;

  constructor({ clock, intervalMs, timeoutMs }: HeartbeatsDeps) {
    this.stepMs = intervalMs / PLACES;
    this.lookAfter = Math.ceil(timeoutMs / this.stepMs);
    this.timer = clock.every(this.stepMs, () => this.step());
  }

  /** Its first turn is within half an interval to a whole one: many that came together are not asked together. */
  add(one: T): void {
    this.count += 1;
    this.put(one, this.now + PLACES / 2 + 1 + (this.count % (PLACES / 2)));
    this.size += 1;
  }

  remove(one: T): void {
    if (!(this.places[one.place] as Set<T>).delete(one)) return;
    this.size -= 1;
    if (this.size > 0) return;
    this.onEmpty?.();
    this.onEmpty = null;
  }

  /** Looks at it once more in about this time, a ping interval at most. */
  lookIn(one: T, ms: number): void {
    if (!(this.places[one.place] as Set<T>).delete(one)) return;
    this.put(one, this.now + Math.min(PLACES, Math.ceil(ms / this.stepMs)) - this.lookAfter);
  }

  *all(): IterableIterator<T> {
    for (const place of this.places) yield* place;
  }

  /** Resolves when all are removed. */
  empty(): Promise<void> {
    return this.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.onEmpty = resolve;
        });
  }

  stop(): void {
    this.timer.cancel();
  }

  private put(one: T, place: number): void {
    one.place = (place + PLACES) % PLACES;
    (this.places[one.place] as Set<T>).add(one);
  }

  private step(): void {
    this.now = (this.now + 1) % PLACES;
    for (const one of [...(this.places[(this.now - this.lookAfter + PLACES) % PLACES] as Set<T>)]) one.look();
    for (const one of this.places[this.now] as Set<T>) one.ask();
  }
}
