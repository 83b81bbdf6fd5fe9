// One flush tick per worker: what the rooms have for their sockets is written at once when it is quiet, then at most every W, where
// W grows with what a flush costs. Never reorders within a room for a socket.
import type { Clock, Timer } from '@parley/ports';
import type { ReadyBytes } from '../client-socket.ts';
import type { Session } from '../session.ts';
import { join } from './ring.ts';

/** The longest that an event waits for company, ms. */
const WINDOW_MS_MAX = 10;
/** W = this many times the cost of a flush, so that flushing takes at most about a fifth of the time until W is at its longest. */
const WINDOW_PER_COST = 4;

/** A room with frames to write. */
export interface Flushable {
  /** Hands what is pending to `write` for each live socket, in order; afterwards nothing is pending. */
  drainTo(write: (session: Session, bytes: ReadyBytes) => void): void;
}

const writeNow = (session: Session, bytes: ReadyBytes): void => session.socket.write(bytes);

export class Flusher {
  private readonly clock: Clock;
  private dirty = new Set<Flushable>();
  private scheduled = false;
  private timer: Timer | null = null;
  private lastAt = Number.NEGATIVE_INFINITY;
  private costMs = 0;
  private floorMs = 0;
  flushes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** This room has something to write. */
  mark(room: Flushable): void {
    this.dirty.add(room);
    if (this.scheduled) return;
    this.scheduled = true;
    const waitMs = this.lastAt + this.windowMs() - this.clock.monotonic();
    // At the end of this turn, so that events that came together go together.
    if (waitMs <= 0) queueMicrotask(() => this.tick());
    else this.timer = this.clock.after(Math.ceil(waitMs), () => this.tick());
  }

  /** Writes this room's frames before anything else happens: removal, detach, attach. */
  now(room: Flushable): void {
    if (this.dirty.delete(room)) room.drainTo(writeNow);
  }

  stop(): void {
    this.timer?.cancel();
    this.tick();
  }

  /** Events wait at least this long for company while the worker has too much to do, ms; 0: as it is cheap. */
  setFloor(ms: number): void {
    this.floorMs = ms;
  }

  /** How long events wait for company now. */
  windowMs(): number {
    return Math.max(this.floorMs, Math.min(WINDOW_MS_MAX, this.costMs * WINDOW_PER_COST));
  }

  private tick(): void {
    this.scheduled = false;
    this.timer = null;
    if (this.dirty.size === 0) return;
    const began = this.clock.monotonic();
    const rooms = this.dirty;
    this.dirty = new Set();
    if (rooms.size === 1) for (const room of rooms) room.drainTo(writeNow);
    else writeTogether(rooms);
    this.flushes += 1;
    this.lastAt = this.clock.monotonic();
    this.costMs = this.costMs * 0.7 + (this.lastAt - began) * 0.3;
  }
}

/** A socket with frames of several rooms gets one write. */
function writeTogether(rooms: ReadonlySet<Flushable>): void {
  const bySession = new Map<Session, ReadyBytes[]>();
  const collect = (session: Session, bytes: ReadyBytes): void => {
    const list = bySession.get(session);
    if (list === undefined) bySession.set(session, [bytes]);
    else list.push(bytes);
  };
  for (const room of rooms) room.drainTo(collect);
  for (const [session, list] of bySession) session.socket.write(join(list));
}
