// Keeps each socket's rooms in step with its user's state: forwards changes in order, sits it down where it became a member and takes
// it out where it no longer is. The room's own membership event may come before or after: both ways end the same.
import type { Clock } from '@parley/ports';
import { type FeedUser, type Right, RoomStateValue, type StateChange } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { safeParse } from 'zod/mini';
import type { Hubs } from '../rooms/hubs.ts';
import type { Session } from '../session.ts';
import type { LocalUser, LocalUsers } from './local-users.ts';
import type { Sync } from './sync.ts';

/** A gap is often closed by the next message; asked after it. */
const CHECK_AFTER_MS = 200;
const CHECK_RETRY_MS = 2_000;
const HELD_MAX = 10_000;

export interface FollowStateDeps {
  readonly hubs: Hubs;
  readonly users: LocalUsers;
  readonly sync: Sync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly epoch: () => string;
}

const roomOf = (key: string): string | null => (key.startsWith('room:') ? key.slice(5) : null);

export class FollowState {
  private readonly deps: FollowStateDeps;

  constructor(deps: FollowStateDeps) {
    this.deps = deps;
  }

  /** A message of the user's channel. */
  onMessage(user: LocalUser, message: FeedUser): void {
    for (const session of [...user.sessions]) {
      for (const result of message.results) session.emit('result', result);
      if (message.changes.length === 0) continue;
      if (session.resume === 'done') this.forward(session, message.changes);
      else if (session.resume === 'asking' && session.held.length < HELD_MAX) session.held = [...session.held, ...message.changes];
    }
  }

  /** Changes in ver order; what the socket has already is left out. A hole is filled by asking messages. */
  forward(session: Session, changes: readonly StateChange[]): void {
    const fresh = changes.filter((change) => change.ver > session.ver).sort((a, b) => a.ver - b.ver);
    if (fresh.length === 0) return;
    let holes = false;
    session.emit('state', { changes: fresh });
    for (const change of fresh) {
      if (change.ver > session.ver + 1) holes = true;
      session.ver = Math.max(session.ver, change.ver);
      this.applyRoom(session, change);
    }
    if (holes) this.check(session.user, CHECK_AFTER_MS);
  }

  /** Compares the user's rooms with messages after this time, or earlier when that is due already. */
  check(userId: string, afterMs: number): void {
    const user = this.deps.users.get(userId);
    const at = this.deps.clock.monotonic() + afterMs;
    if (user === undefined || (user.check !== null && user.check.at <= at)) return;
    user.check?.timer.cancel();
    const timer = this.deps.clock.after(afterMs, () => {
      user.check = null;
      void this.checkNow(user).catch(() => this.check(userId, CHECK_RETRY_MS));
    });
    user.check = { at, timer };
  }

  /** Resolves when the user's sockets here agree with what messages said. */
  async checkNow(user: LocalUser): Promise<void> {
    const sessions = [...user.sessions].filter((session) => session.resume === 'done');
    if (sessions.length === 0) return;
    const me = Math.min(...sessions.map((session) => session.ver));
    const answer = await this.deps.sync.ask({ user: user.id, me, rooms: {} });
    for (const session of sessions) this.reconcile(session, answer);
  }

  private reconcile(session: Session, answer: { me: { ver: number; changes: StateChange[] }; rights: Right[] }): void {
    // A newer change came while messages was asked: this answer is old news for the socket.
    if (session.closed || answer.me.ver < session.ver) return;
    const fresh = answer.me.changes.filter((change) => change.ver > session.ver);
    if (fresh.length > 0) session.emit('state', { changes: fresh });
    session.ver = answer.me.ver;
    const rights = new Map(answer.rights.map((right) => [right.room, right]));
    for (const seat of [...session.seats.values()]) if (!rights.has(seat.hub.room)) seat.hub.detach(seat, true);
    for (const right of rights.values()) this.join(session, right.room, right);
  }

  private applyRoom(session: Session, change: StateChange): void {
    const room = roomOf(change.key);
    if (room === null) return;
    if (change.value === null) {
      const seat = session.seats.get(room);
      if (seat !== undefined) seat.hub.detach(seat, true);
      return;
    }
    const value = safeParse(RoomStateValue, change.value);
    if (value.success) this.join(session, room, value.data);
    else this.deps.logger.error({ room }, "a room key of a user's state cannot be read");
  }

  /** A membership that the socket may not sit on yet. A new one always begins with `reset`: it says where. */
  private join(session: Session, room: string, right: { floor: number; joinSeq: number; head?: number }): void {
    const hub = this.deps.hubs.get(room);
    const seat = session.seats.get(room);
    if (seat !== undefined && seat.joinSeq >= right.joinSeq) return;
    if (hub.outlived(session.user, right.joinSeq)) return;
    if (seat !== undefined) hub.detach(seat, false);
    const pos = Math.max(right.floor, right.joinSeq - 1);
    session.emit('reset', { room, from: pos, epoch: this.deps.epoch() });
    hub.attach(session, { pos, joinSeq: right.joinSeq, rightAt: Math.max(right.joinSeq, right.head ?? 0) });
  }
}
