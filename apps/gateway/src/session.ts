// One accepted socket: who it is, where it sits, how full it is. It decides nothing about rooms.
import type { AccessClaims, ErrorBody, ServerFrame, ServerFrameName, StateChange } from '@parley/protocol';
import type { Accepted, AckFn, ClientSocket } from './client-socket.ts';
import type { QueueLimits } from './gateway-config.ts';
import type { Seat } from './rooms/seat.ts';

/** Most sockets at most times: shared, because there are many. */
const NOBODY: ReadonlySet<string> = new Set();
const NOTHING: readonly never[] = [];

export class Session {
  readonly socket: ClientSocket;
  readonly user: string;
  claims: AccessClaims;
  readonly seats = new Map<string, Seat>();
  closed = false;
  /** Was told goodbye: its socket is closing. */
  leaving = false;
  resume: 'none' | 'asking' | 'done' = 'none';
  /** Version of the user's state that this socket has; meaningful when resumed. */
  ver = 0;
  /** Changes that came while its resume was being answered. */
  held: readonly StateChange[] = NOTHING;
  /** People whose presence it shows. */
  watching: ReadonlySet<string> = NOBODY;
  inFlight = 0;
  /** Over the bounds of its queue: nothing of a room is queued until it has drained. */
  stalled = false;
  /** Since when (monotonic ms) it is stalled, or holds bytes. */
  stalledSince = 0;
  bufferedSince: number | null = null;
  private readonly queue: QueueLimits;
  private readonly onStalled: (session: Session) => void;
  private drainWaiters: (() => void)[] | null = null;

  constructor(socket: ClientSocket, claims: AccessClaims, queue: QueueLimits, onStalled: (session: Session) => void) {
    this.socket = socket;
    this.user = claims.sub;
    this.claims = claims;
    this.queue = queue;
    this.onStalled = onStalled;
  }

  emit<N extends ServerFrameName>(name: N, payload: ServerFrame<N>): void {
    if (!this.closed) this.socket.emit(name, payload);
  }

  /** May a room's events be written? False: the room falls behind. */
  canTake(): boolean {
    if (this.stalled || this.closed) return false;
    if (this.socket.bufferedBytes() <= this.queue.hardBytes) return true;
    this.stall();
    return false;
  }

  /** May ephemera (typing, presence) be written? They go first. */
  canTakeEphemera(): boolean {
    return !this.closed && !this.stalled && this.socket.bufferedBytes() <= this.queue.softBytes;
  }

  stall(): void {
    if (this.stalled || this.closed) return;
    this.stalled = true;
    this.onStalled(this);
  }

  /** Resolves when it has drained, or is closed. */
  drained(): Promise<void> {
    if (!this.stalled || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.drainWaiters = [...(this.drainWaiters ?? []), resolve];
    });
  }

  /** The queue is short again, or the socket is gone: who waited goes on. */
  unstall(): void {
    this.stalled = false;
    const waiters = this.drainWaiters ?? NOTHING;
    this.drainWaiters = null;
    for (const wake of waiters) wake();
  }

  /** Says why, then closes. */
  bye(error: ErrorBody, now = false): void {
    if (this.closed) return;
    this.leaving = true;
    this.emit('bye', { code: error.code, message: error.message, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) });
    this.socket.close(now);
  }
}

/** What takes the frames of all sessions. */
export interface Taking {
  frame(session: Session, name: string, payload: unknown, ack: AckFn): void;
  closed(session: Session): void;
}

/** A session as its transport sees it. */
export class AcceptedSession implements Accepted {
  private readonly session: Session;
  private readonly taking: Taking;

  constructor(session: Session, taking: Taking) {
    this.session = session;
    this.taking = taking;
  }

  frame(name: string, payload: unknown, ack: AckFn): void {
    this.taking.frame(this.session, name, payload, ack);
  }

  closed(): void {
    this.taking.closed(this.session);
  }
}

/** How many sockets are at what; each counts once. */
export function statesOf(sessions: Iterable<Session>): Record<'new' | 'resumed' | 'stalled' | 'leaving', number> {
  const states = { new: 0, resumed: 0, stalled: 0, leaving: 0 };
  for (const { leaving, stalled, resume } of sessions) states[leaving ? 'leaving' : stalled ? 'stalled' : resume === 'done' ? 'resumed' : 'new'] += 1;
  return states;
}
