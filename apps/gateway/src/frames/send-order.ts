// Keeps a sender's order across a failure. When a command may or may not be in the log, what the socket sent behind it in that room
// before it knew must not overtake its repeat: it fails as well, with the same "not known". It must never fail what is certain.
import type { Clock } from '@parley/ports';
import { type MemberCommand, ParleyError } from '@parley/protocol';
import type { Session } from '../session.ts';

/** A client that does not repeat what failed is not held up for longer than this. */
const BROKEN_MS = 5_000;

interface Broken {
  readonly failed: Set<string>;
  readonly until: number;
}

export class SendOrder {
  private readonly clock: Clock;
  private readonly retryAfterMs: number;
  private readonly broken = new WeakMap<Session, Map<string, Broken>>();

  constructor(clock: Clock, retryAfterMs: number) {
    this.clock = clock;
    this.retryAfterMs = retryAfterMs;
  }

  /** Throws `unavailable` behind a failed command. A repeat of one that failed shows that the client knows, because a socket keeps its order. */
  check(session: Session, { room, clientId }: MemberCommand): void {
    const rooms = this.broken.get(session);
    const broken = rooms?.get(room);
    if (rooms === undefined || broken === undefined) return;
    if (broken.failed.has(clientId) || this.clock.monotonic() >= broken.until) {
      rooms.delete(room);
      return;
    }
    broken.failed.add(clientId);
    throw new ParleyError('unavailable', 'A command before this one could not be taken.', { retryAfterMs: this.retryAfterMs });
  }

  /** The command may or may not have been taken. */
  failed(session: Session, { room, clientId }: MemberCommand): void {
    const rooms = this.broken.get(session) ?? new Map<string, Broken>();
    this.broken.set(session, rooms);
    const failed = rooms.get(room)?.failed ?? new Set<string>();
    rooms.set(room, { failed: failed.add(clientId), until: this.clock.monotonic() + BROKEN_MS });
  }
}
