// One flush tick per worker: what the rooms have for their sockets is written at once when it is quiet, then at most every W, where
// W grows with the share of the time that flushing takes. Never reorders within a room for a socket.
import type { Clock, Timer } from '@parley/ports';
import type { ReadyBytes } from '../client-socket.ts';
import type { Session } from '../session.ts';
import type { RoomCost } from './meter.ts';
import { join } from './ring.ts';

/** The longest that an event waits for company, ms, unless somebody asks for more. */
const WINDOW_MS_MAX = 10;
/** While flushing takes less than this share of the time, nothing waits: a timer would cost more than it saves. */
const SHARE_QUIET = 0.04;
/** From this share on W is at its longest. Together they hold flushing near a quarter of the time, so that reading always has the most. */
const SHARE_BUSY = 0.3;
/** The share is of about the last so many ms. */
const SHARE_OF_MS = 100;

export type WriteFn = (session: Session, bytes: ReadyBytes) => void;

/** A room with frames to write. */
export interface Flushable {
  readonly cost: RoomCost;
  /** Hands what is pending to `write` for each live socket, in order; afterwards nothing is pending. Answers to how many sockets. */
  drainTo(write: WriteFn): number;
}

const writeNow: WriteFn = (session, bytes) => session.socket.write(bytes);

export class Flusher {
  private readonly clock: Clock;
  private dirty = new Set<Flushable>();
  private scheduled = false;
  private timer: Timer | null = null;
  private lastAt: number;
  private share = 0;
  private readonly leastMs: number;
  private floorMs: number;
  flushes = 0;
  /** Those of them that waited for their window to close. */
  waited = 0;

  /** `leastMs`: W is never shorter. */
  constructor(clock: Clock, leastMs = 0) {
    this.clock = clock;
    this.leastMs = this.floorMs = leastMs;
    this.lastAt = clock.monotonic();
  }

  /** Events wait for company at least this long from now on, ms, also longer than W ever gets by itself; 0: as load has it. */
  setFloor(ms: number): void {
    this.floorMs = Math.max(this.leastMs, ms);
  }

  /** This room has something to write. */
  mark(room: Flushable): void {
    this.dirty.add(room);
    if (this.scheduled) return;
    this.scheduled = true;
    const windowMs = this.windowMs();
    const waitMs = windowMs === 0 ? 0 : this.lastAt + windowMs - this.clock.monotonic();
    // At the end of this turn, so that events that came together go together.
    if (waitMs <= 0) queueMicrotask(this.tick);
    else {
      this.waited += 1;
      this.timer = this.clock.after(Math.ceil(waitMs), this.tick);
    }
  }

  /** Writes this room's frames before anything else happens: removal, detach, attach. */
  now(room: Flushable): void {
    if (this.dirty.delete(room)) room.drainTo(writeNow);
  }

  stop(): void {
    this.timer?.cancel();
    this.tick();
  }

  /** How long events wait for company now. */
  windowMs(): number {
    const byLoad = (WINDOW_MS_MAX * (this.share - SHARE_QUIET)) / (SHARE_BUSY - SHARE_QUIET);
    return Math.max(this.floorMs, Math.min(WINDOW_MS_MAX, Math.max(0, byLoad)));
  }

  private readonly tick = (): void => {
    this.scheduled = false;
    this.timer = null;
    if (this.dirty.size === 0) return;
    const began = this.clock.monotonic();
    const rooms = this.dirty;
    this.dirty = new Set();
    const shares = rooms.size === 1 ? writeOne(rooms) : writeTogether(rooms);
    this.flushes += 1;
    const ended = this.clock.monotonic();
    const [costMs, passedMs] = [ended - began, ended - this.lastAt];
    if (passedMs > 0) this.share += (passedMs / (passedMs + SHARE_OF_MS)) * (costMs / passedMs - this.share);
    this.lastAt = ended;
    charge(rooms, shares, costMs * 1_000);
  };
}

function writeOne(rooms: ReadonlySet<Flushable>): number[] {
  const sockets: number[] = [];
  for (const room of rooms) sockets.push(room.drainTo(writeNow));
  return sockets;
}

/** A socket with frames of several rooms gets one write. Answers to how many sockets each room was written, in order of the rooms. */
function writeTogether(rooms: ReadonlySet<Flushable>): number[] {
  const bySession = new Map<Session, ReadyBytes[]>();
  const collect: WriteFn = (session, bytes) => {
    // Who is in one room has nothing to wait for; there is no order between rooms.
    if (session.seats.size === 1) return session.socket.write(bytes);
    const list = bySession.get(session);
    if (list === undefined) bySession.set(session, [bytes]);
    else list.push(bytes);
  };
  const sockets: number[] = [];
  for (const room of rooms) sockets.push(room.drainTo(collect));
  for (const [session, list] of bySession) session.socket.write(join(list));
  return sockets;
}

/** One look at the clock for all rooms of a tick: each pays by its sockets. */
function charge(rooms: ReadonlySet<Flushable>, sockets: readonly number[], us: number): void {
  let all = 0;
  for (const count of sockets) all += count;
  if (all === 0) return;
  let i = 0;
  for (const room of rooms) room.cost.flushUs += (us * (sockets[i++] ?? 0)) / all;
}
