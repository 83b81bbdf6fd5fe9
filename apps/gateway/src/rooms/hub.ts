// One room on this worker: its events in order without a hole, and the sockets that get them.
// Holds n + 1 and fetches n; a removal is applied before anything later is written; nothing is ever written out of order.
import type { Feed, FeedSubscription } from '@parley/ports';
import { type AnyRoomEvent, channelOf, type ServerFrame } from '@parley/protocol';
import type { ReadyBytes } from '../client-socket.ts';
import type { Session } from '../session.ts';
import { catchUp } from './catch-up.ts';
import { repair } from './fill-gap.ts';
import type { Flushable, WriteFn } from './flush.ts';
import { Followed } from './followed.ts';
import type { HubDeps } from './hub-deps.ts';
import type { RoomCost } from './meter.ts';
import { removedBy } from './pages.ts';
import { join, Ring } from './ring.ts';
import type { Seat } from './seat.ts';

/** Events held back while earlier ones are fetched; more are fetched again. */
const HELD_MAX = 1_000;
/** Removals remembered, to judge rights that were read before them. */
const REMOVALS_MAX = 2_000;

export class Hub implements Flushable {
  readonly room: string;
  readonly deps: HubDeps;
  /** Everything up to and with this seq was handed to the live sockets or to the pending frames. */
  head = 0;
  /** The room is at this seq at least, by somebody who knows. */
  target = 0;
  /** The head when the hub opened: what happened before it was not seen here. */
  knownFrom = 0;
  ring: Ring;
  isOpen = false;
  isClosed = false;
  repairing = false;
  readonly live = new Set<Seat>();
  readonly catching = new Set<Seat>();
  readonly cost: RoomCost = { events: 0, bytes: 0, flushUs: 0 };
  private readonly byUser = new Map<string, Set<Seat>>();
  private readonly held = new Map<number, AnyRoomEvent>();
  private readonly removals = new Map<string, number>();
  private pending: ReadyBytes[] = [];
  /** The head at the last flush: where a socket that cannot take the pending frames stands. */
  private flushed = 0;
  private waiters: { seq: number; wake: () => void }[] = [];
  private subscriptions: FeedSubscription[] = [];
  private followed: Followed | null = null;

  constructor(room: string, deps: HubDeps) {
    this.room = room;
    this.deps = deps;
    this.ring = new Ring(0, deps.limits.ringBytes, deps.ringAgeMs);
  }

  /** Subscribes, then learns where the room is: what is published from here on cannot be missed unknowingly. */
  async open(feed: Feed): Promise<void> {
    this.subscriptions.push(await feed.subscribe(channelOf.room(this.room), (message) => this.receive(message.payload), this.deps.onLost));
    this.subscriptions.push(
      await feed.subscribe(
        channelOf.now(this.room),
        (message) => this.deps.onNow(this, message.payload),
        () => {},
      ),
    );
    const head = await this.deps.headOf(this.room);
    if (this.isClosed) return this.release();
    this.head = this.flushed = this.knownFrom = head;
    this.ring = new Ring(head, this.deps.limits.ringBytes, this.deps.ringAgeMs);
    this.isOpen = true;
    this.settle();
    this.wake();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    await this.release();
  }

  /** Lets go of the subscriptions. */
  async release(): Promise<void> {
    await Promise.all(this.subscriptions.splice(0).map((subscription) => subscription.unsubscribe()));
  }

  /** A payload of the room's channel or of its tail. Anything else than events of this room is passed over. */
  receive(payload: unknown): void {
    const { room, events, traces } = (payload ?? {}) as { room?: unknown; events?: unknown; traces?: unknown };
    if (room !== this.room || !Array.isArray(events)) return;
    if (typeof traces === 'object' && traces !== null) this.follow(traces);
    this.offer(events.filter((event): event is AnyRoomEvent => Number.isSafeInteger((event as { seq?: unknown } | null)?.seq)));
  }

  /** Events in any order, with holes and repeats. */
  offer(events: readonly AnyRoomEvent[]): void {
    if (this.isClosed) return;
    for (const event of events) {
      if (this.isOpen && event.seq === this.head + 1) this.apply(event);
      else if (!this.isOpen || event.seq > this.head) this.hold(event);
    }
    if (this.isOpen) this.settle();
  }

  /** The room is at `head` by the truth: what is missing here is fetched. */
  noteHead(head: number): void {
    if (head > this.target) this.target = head;
    if (this.isOpen && this.target > this.head) void repair(this);
  }

  /** May a right that began at `joinSeq` still stand? No: a removal after it was seen here. */
  outlived(user: string, joinSeq: number): boolean {
    return (this.removals.get(user) ?? 0) > joinSeq;
  }

  /** Sits a socket down; it gets everything after `pos`. Never for a right that was outlived. */
  attach(session: Session, place: { pos: number; joinSeq: number; rightAt: number }): void {
    const seat: Seat = { session, hub: this, state: 'catching', busy: false, ...place };
    session.seats.set(this.room, seat);
    this.catching.add(seat);
    const seats = this.byUser.get(session.user);
    if (seats === undefined) this.byUser.set(session.user, new Set([seat]));
    else seats.add(seat);
    this.noteHead(Math.max(place.pos, place.rightAt));
    void catchUp(seat);
  }

  /** Takes the socket out; what was before this is written first. `gone`: and it is told. */
  detach(seat: Seat, gone: boolean): void {
    if (seat.state === 'left') return;
    if (seat.state === 'live' && gone) this.deps.flusher.now(this);
    seat.state = 'left';
    this.live.delete(seat);
    this.catching.delete(seat);
    const seats = this.byUser.get(seat.session.user);
    seats?.delete(seat);
    if (seats?.size === 0) this.byUser.delete(seat.session.user);
    if (seat.session.seats.get(this.room) === seat) seat.session.seats.delete(this.room);
    if (gone) seat.session.emit('gone', { room: this.room });
    this.wake();
    if (this.isEmpty()) this.deps.onEmpty(this);
  }

  /** The rest is copied and the socket is live, in this same tick. Needs ring.from <= seat.pos <= head. */
  goLive(seat: Seat): void {
    this.deps.flusher.now(this);
    const rest = this.ring.after(seat.pos);
    if (rest !== null) seat.session.socket.write(rest);
    seat.pos = this.head;
    seat.state = 'live';
    this.catching.delete(seat);
    this.live.add(seat);
    seat.session.emit('live', { room: this.room, seq: this.head });
  }

  isEmpty(): boolean {
    return this.live.size === 0 && this.catching.size === 0;
  }

  seatsOf(user: string): ReadonlySet<Seat> | undefined {
    return this.byUser.get(user);
  }

  /** Flushable: a socket that cannot take them stays where it was and catches up later. */
  drainTo(write: WriteFn): number {
    const events = this.pending.length;
    if (events === 0) return 0;
    const bytes = join(this.pending);
    const from = this.flushed;
    this.pending = [];
    this.flushed = this.head;
    const followed = this.followed?.flush() ?? null;
    let sockets = 0;
    for (const seat of this.live) {
      const { session } = seat;
      if (session.canTake()) {
        write(session, bytes);
        sockets += 1;
        followed?.wrote(session);
      } else {
        this.fallBehind(seat, from);
        followed?.fellBehind();
      }
    }
    followed?.end();
    this.cost.bytes += bytes.byteLength * sockets;
    this.deps.stats.events += events * sockets;
    this.deps.meter.flushed(sockets);
    return sockets;
  }

  /** Resolves when the head is at seq, or the hub or the seat is gone. Whoever waits looks again. */
  moved(seq: number): Promise<void> {
    return new Promise((wake) => this.waiters.push({ seq, wake }));
  }

  /** Lets go of frames that are too old to keep. */
  trim(): void {
    this.ring.trim(this.deps.clock.monotonic());
  }

  private follow(traces: object): void {
    this.followed ??= new Followed();
    this.followed.note(traces, this.head, { tracing: this.deps.tracing, room: this.room, worker: this.deps.worker });
  }

  private hold(event: AnyRoomEvent): void {
    if (event.seq > this.target) this.target = event.seq;
    if (this.held.size < HELD_MAX) this.held.set(event.seq, event);
  }

  /** Applies what was held and is due now; fetches what is missing before the rest. */
  private settle(): void {
    for (const seq of this.held.keys()) if (seq <= this.head) this.held.delete(seq);
    for (let next = this.held.get(this.head + 1); next !== undefined; next = this.held.get(this.head + 1)) {
      this.held.delete(next.seq);
      this.apply(next);
    }
    if (this.target > this.head) void repair(this);
  }

  private apply(event: AnyRoomEvent): void {
    const removed = removedBy(event);
    if (removed !== null) this.remove(removed, event.seq);
    const bytes = this.deps.codec.encode('event', event as ServerFrame<'event'>);
    this.cost.events += 1;
    this.head = event.seq;
    if (this.head > this.target) this.target = this.head;
    this.ring.push(bytes, this.deps.clock.monotonic());
    if (this.live.size > 0) {
      this.pending.push(bytes);
      this.deps.flusher.mark(this);
    } else this.flushed = this.head;
    this.followed?.applied(event.seq, this.live.size > 0, this.catching.size);
    this.afterEvent(event);
    this.wake();
  }

  /** The removed get nothing from here on, by construction: what is pending is written and they are out before the event joins the frames. */
  private remove(user: string, seq: number): void {
    this.removals.delete(user);
    this.removals.set(user, seq);
    if (this.removals.size > REMOVALS_MAX) for (const oldest of this.removals.keys()) return void this.removals.delete(oldest);
    for (const seat of [...(this.byUser.get(user) ?? [])]) if (seat.joinSeq < seq) this.detach(seat, true);
  }

  private afterEvent(event: AnyRoomEvent): void {
    const body = event.body as { user?: string; target?: number };
    // Redacted or changed: from memory only what messages would say now.
    if (event.type === 'message.deleted' && typeof body.target === 'number') {
      this.ring.dropTo(body.target);
      this.deps.pages.forget(this.room, body.target);
    }
    if (event.type === 'member.joined' && typeof body.user === 'string') this.deps.onJoined(this, body.user, event.seq);
  }

  private fallBehind(seat: Seat, from: number): void {
    seat.state = 'catching';
    seat.pos = from;
    this.live.delete(seat);
    this.catching.add(seat);
    this.deps.stats.behind += 1;
    seat.session.emit('behind', { room: this.room, head: this.head });
    void catchUp(seat);
  }

  private wake(): void {
    if (this.waiters.length === 0) return;
    const due: typeof this.waiters = [];
    const later: typeof this.waiters = [];
    for (const waiter of this.waiters) (this.isClosed || waiter.seq <= this.head || this.isEmpty() ? due : later).push(waiter);
    this.waiters = later;
    for (const waiter of due) waiter.wake();
  }
}
