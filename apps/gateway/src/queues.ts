// Looks after the sockets' queues and tokens: who is too full falls behind, who stays full is closed, whose token ended is closed.
import type { Clock, Timer } from '@parley/ports';
import { type ErrorBody, ParleyError } from '@parley/protocol';
import type { QueueLimits } from './gateway-config.ts';
import type { Session } from './session.ts';

const SWEEP_MS = 1_000;
/** Stalled sockets are few and someone waits for them: looked at more often. */
const STALLED_MS = 100;

const overfull = (): ErrorBody => new ParleyError('overloaded', 'The connection takes nothing any more.', { retryAfterMs: 1_000 }).toBody();

export interface QueuesDeps {
  readonly clock: Clock;
  readonly limits: QueueLimits;
  readonly tokenGraceMs: number;
  readonly sessions: () => Iterable<Session>;
  /** Once a sweep, with the bytes that all sockets have not taken. */
  readonly onSweep: (queueBytes: number) => void;
}

export class Queues {
  private readonly deps: QueuesDeps;
  private readonly stalled = new Set<Session>();
  private sweepTimer: Timer | null = null;
  private stalledTimer: Timer | null = null;

  constructor(deps: QueuesDeps) {
    this.deps = deps;
  }

  start(): void {
    this.sweepTimer = this.deps.clock.every(SWEEP_MS, () => this.sweep());
  }

  stop(): void {
    this.sweepTimer?.cancel();
    this.stalledTimer?.cancel();
    this.stalledTimer = null;
    for (const session of this.stalled) session.unstall();
    this.stalled.clear();
  }

  /** The session went over its bounds. */
  onStalled(session: Session): void {
    session.stalledSince = this.deps.clock.monotonic();
    this.stalled.add(session);
    this.stalledTimer ??= this.deps.clock.every(STALLED_MS, () => this.lookAtStalled());
  }

  get stalledCount(): number {
    return this.stalled.size;
  }

  private lookAtStalled(): void {
    const now = this.deps.clock.monotonic();
    for (const session of this.stalled) {
      if (session.closed || session.socket.bufferedBytes() <= this.deps.limits.softBytes) {
        this.stalled.delete(session);
        session.bufferedSince = null;
        session.unstall();
      } else if (now - session.stalledSince > this.deps.limits.stuckMs) {
        this.stalled.delete(session);
        session.bye(overfull(), true);
        session.unstall();
      }
    }
    if (this.stalled.size > 0) return;
    this.stalledTimer?.cancel();
    this.stalledTimer = null;
  }

  private sweep(): void {
    const now = this.deps.clock.monotonic();
    let queueBytes = 0;
    const expired = this.deps.clock.now() - this.deps.tokenGraceMs;
    for (const session of this.deps.sessions()) {
      if (session.claims.exp * 1_000 <= expired) session.bye(new ParleyError('token_expired').toBody());
      const buffered = session.socket.bufferedBytes();
      queueBytes += buffered;
      if (buffered > this.deps.limits.floodBytes) session.bye(overfull(), true);
      if (session.stalled) continue;
      if (buffered <= this.deps.limits.softBytes) session.bufferedSince = null;
      else if (session.bufferedSince === null) session.bufferedSince = now;
      else if (now - session.bufferedSince > this.deps.limits.ageMs) session.stall();
    }
    this.deps.onSweep(queueBytes);
  }
}
