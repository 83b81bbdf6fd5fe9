// The gateway without a network: sockets go in, frames come out. Time, randomness and the transport are given to it, so that a simulation
// runs the same code. It holds no truth: everything here can be lost and is asked for again.
import { type AccessClaims, channelOf, LIMITS, ParleyError, readEvents, type SessionEvent, stateKey } from '@parley/protocol';
import { NO_TRACING, type Tracing } from '@parley/runtime';
import { ClientFrames } from './client-frames.ts';
import type { Accepted, ClientSocket } from './client-socket.ts';
import { handlersOf } from './frame-handlers.ts';
import { createReadMarks, type ReadMarks } from './frames/read-marks.ts';
import { Sender } from './frames/send.ts';
import { TokenBucket, TokenBuckets } from './frames/token-bucket.ts';
import { Typing } from './frames/typing.ts';
import { type Limits, limitsOf } from './gateway-config.ts';
import { NEVER_LATE } from './load/event-loop.ts';
import { Ladder } from './load/ladder.ts';
import { Online } from './people/online.ts';
import { Profiles } from './people/profiles.ts';
import { Watched } from './people/watched.ts';
import { Queues } from './queues.ts';
import { Flusher } from './rooms/flush.ts';
import { Heads } from './rooms/heads.ts';
import { type HubStats, RING_AGE_MS } from './rooms/hub-deps.ts';
import { Hubs } from './rooms/hubs.ts';
import { type GatewayStats, NO_METER } from './rooms/meter.ts';
import { Pages } from './rooms/pages.ts';
import { AcceptedSession, Session, statesOf, type Taking } from './session.ts';
import type { GatewayCoreDeps } from './users/core-deps.ts';
import { FollowState } from './users/follow-state.ts';
import { sayGoodbyes } from './users/goodbyes.ts';
import { LocalUsers } from './users/local-users.ts';
import { createSync, type Sync } from './users/sync.ts';

export type { GatewayStats } from './rooms/meter.ts';
export type { CoreRevocations, GatewayCoreDeps } from './users/core-deps.ts';

export interface GatewayCore {
  /** Resolves when it follows the log; messages may still be away: until it was reached once, sockets are refused with `unavailable`. */
  start(): Promise<void>;
  /** Says bye to all, finishes appends in flight, lets go of everything. Never longer than drainMs. `goodbyeMs`: not the configured. Idempotent. */
  stop(goodbyeMs?: number): Promise<void>;
  /** Before any token is checked. Throws ParleyError: draining, overloaded or unavailable. */
  admit(): void;
  /** After the token was checked. Throws ParleyError: draining, too_many_sockets, session_revoked or unavailable. */
  check(claims: AccessClaims): void;
  /** Takes the socket and says hello. Throws as `check`, and then the caller closes the socket. */
  accept(socket: ClientSocket, claims: AccessClaims): Accepted;
  problems(): readonly string[];
  /** Does it take sockets? Not before it has reached messages once, nor when it drains. */
  serves(): boolean;
  stats(): GatewayStats;
  /** How much is left out now, and what rooms cost. */
  readonly ladder: Pick<Ladder, 'view' | 'dearest'>;
}

/** All channels of a feed that was away say so together. */
const LOST_COLLECT_MS = 20;
/** After that the users are compared over this time. */
const LOST_SPREAD_MS = 1_000;
/** Who is sent to another worker comes there after this at most. */
const ELSEWHERE_MS = 200;

/** One worker's gateway. */
export const createGatewayCore = (deps: GatewayCoreDeps): GatewayCore => new Core(deps);

class Core implements GatewayCore {
  private readonly deps: GatewayCoreDeps;
  private readonly limits: Limits;
  private readonly worker: string;
  private readonly tracing: Tracing;
  private readonly name: string;
  private readonly sessions = new Set<Session>();
  private readonly hubStats: HubStats = { events: 0, behind: 0, resets: 0 };
  private readonly admission: TokenBucket;
  private readonly buckets: TokenBuckets;
  private readonly flusher: Flusher;
  private readonly pages: Pages;
  private readonly heads: Heads;
  private readonly hubs: Hubs;
  private readonly users: LocalUsers;
  private readonly sync: Sync;
  private readonly state: FollowState;
  private readonly sender: Sender;
  private readonly marks: ReadMarks;
  private readonly typing: Typing;
  private readonly online: Online;
  private readonly watched: Watched;
  private readonly profiles: Profiles;
  private readonly queues: Queues;
  readonly ladder: Ladder;
  private readonly frames: ClientFrames;
  private readonly taking: Taking;
  private readonly timers: { cancel(): void }[] = [];
  private phase: 'new' | 'running' | 'leaving' | 'draining' | 'stopped' = 'new';
  private stopping: Promise<void> | null = null;
  private lostSoon = false;

  constructor(deps: GatewayCoreDeps) {
    const { clock, logger, internal, feed, presence, log, codec } = deps;
    this.deps = deps;
    this.limits = limitsOf(deps.config);
    this.worker = deps.rng.id();
    this.tracing = deps.tracing ?? NO_TRACING;
    this.name = this.limits.name ?? this.worker;
    const { worker } = this.limits;
    this.admission = new TokenBucket(worker.admission, clock.monotonic());
    this.buckets = new TokenBuckets(clock);
    this.flusher = new Flusher(clock, worker.windowMs);
    this.pages = new Pages({ clock, codec, read: async (room, after, limit) => (await internal.call(readEvents, { room, after, limit })).events });
    this.typing = new Typing({ feed, clock, codec });
    this.heads = this.makeHeads();
    this.hubs = this.makeHubs();
    const onLost = (): void => this.lost();
    this.users = new LocalUsers({ feed, clock, logger, onLost, onMessage: (user, message) => this.state.onMessage(user, message) });
    this.sync = createSync({ internal, clock, windowMs: worker.resumeWindowMs, onEpoch: (epoch) => this.heads.noteEpoch(epoch) });
    this.state = new FollowState({ hubs: this.hubs, users: this.users, sync: this.sync, clock, logger, epoch: () => this.heads.epoch ?? '' });
    this.sender = new Sender({
      log,
      clock,
      logger,
      limits: worker,
      takeRoom: (room) => this.buckets.take(`room ${room}`, worker.roomSends),
      inFlightOf: (session) => this.limits.rates[session.claims.cls].inFlight,
      tracing: this.tracing,
      mayTrace: (session) => this.buckets.take(`trace ${session.user}`, worker.userTraces) === 0,
      worker: this.name,
      isStranger: (session, room) => this.isStranger(session, room),
    });
    this.marks = createReadMarks({ internal, clock, logger });
    this.online = new Online({ presence, clock, logger, worker: this.worker });
    this.watched = new Watched({ presence, clock, logger, codec });
    this.profiles = new Profiles({ log, clock, logger, codec, watchersOf: (user) => this.watched.watchersOf(user) });
    this.queues = new Queues({
      clock,
      limits: this.limits.queue,
      tokenGraceMs: worker.tokenGraceMs,
      sessions: () => this.sessions,
      onSweep: (queueBytes) => this.onSweep(queueBytes),
    });
    const { typing, watched, flusher, limits } = this;
    this.ladder = new Ladder({ clock, logger, limits, loop: deps.loop ?? NEVER_LATE, rooms: () => this.hubs.all(), typing, watched, flusher });
    this.frames = this.makeFrames();
    this.taking = { frame: (session, name, payload, ack) => this.frames.handle(session, name, payload, ack), closed: (session) => this.closed(session) };
  }

  async start(): Promise<void> {
    if (this.phase !== 'new') return;
    this.phase = 'running';
    this.heads.start();
    this.online.start();
    this.queues.start();
    this.ladder.start();
    const undo = this.deps.revocations.onRevoked((event) => this.revoke(event));
    this.timers.push(
      { cancel: undo },
      this.deps.clock.every(this.limits.worker.usersMs, () => this.compareUsers()),
    );
    await Promise.all([this.heads.compare(), this.profiles.start()]);
  }

  stop(goodbyeMs = this.limits.goodbyeMs): Promise<void> {
    this.stopping ??= this.drain(goodbyeMs);
    return this.stopping;
  }

  admit(): void {
    this.checkServing();
    if (this.sessions.size >= this.limits.worker.sockets) throw new ParleyError('overloaded', 'This gateway is full.', { retryAfterMs: this.spread(5_000) });
    if (this.ladder.isFull()) throw new ParleyError('overloaded', 'This gateway has too much to do.', { retryAfterMs: 1_000 + this.spread(5_000) });
    if (this.admission.take(this.deps.clock.monotonic()) > 0)
      throw new ParleyError('overloaded', 'Too many are connecting.', { retryAfterMs: this.spread(5_000) });
  }

  check(claims: AccessClaims): void {
    this.checkServing();
    if (this.deps.revocations.isRevoked(claims)) throw new ParleyError('session_revoked');
    const max = this.limits.rates[claims.cls].socketsPerUser;
    if (this.users.count(claims.sub) >= max) throw new ParleyError('too_many_sockets', undefined, { retryAfterMs: 10_000, details: { max } });
  }

  accept(socket: ClientSocket, claims: AccessClaims): Accepted {
    this.check(claims);
    const session = new Session(socket, claims, this.limits.queue, (stalled) => this.queues.onStalled(stalled));
    this.sessions.add(session);
    session.emit('hello', {
      protocol: LIMITS.protocolVersion,
      user: claims.sub,
      session: claims.sid,
      epoch: this.heads.epoch ?? '',
      serverTime: this.deps.clock.now(),
      gateway: this.name,
      ...(this.tracing.ratio > 0 ? { traceRatio: this.tracing.ratio } : {}),
    });
    this.users.add(session);
    this.online.arrived(session.user);
    return new AcceptedSession(session, this.taking);
  }

  problems(): readonly string[] {
    const problems: string[] = [];
    if (this.heads.failing) problems.push('Rooms cannot be compared with messages: an event that the feed lost is seen late.');
    if (this.hubs.failing.size > 0) problems.push(`${this.hubs.failing.size} rooms cannot be opened: their members get nothing live.`);
    if (this.users.failing) problems.push('The feed is away: who connects cannot go on in their rooms.');
    if (this.sender.failing) problems.push('The log takes no commands: nothing can be posted.');
    if (this.online.failing) problems.push('Presence is away: who is online is not shown rightly.');
    if (this.profiles.failing) problems.push('Account events are not followed: changed names are seen late.');
    return problems.concat(this.ladder.problems());
  }

  stats(): GatewayStats {
    const [users, rooms, states] = [[...this.users.all()].length, this.hubs.size, statesOf(this.sessions)];
    const { flusher, queues, sessions } = this;
    const now = { stalled: queues.stalledCount, windowMs: flusher.windowMs(), states };
    return { ...this.hubStats, sockets: sessions.size, users, rooms, flushes: flusher.flushes, waited: flusher.waited, ...now };
  }

  serves(): boolean {
    return this.phase === 'running' && this.heads.epoch !== null;
  }

  private checkServing(): void {
    if (this.phase === 'leaving' || this.phase === 'draining' || this.phase === 'stopped')
      throw new ParleyError('draining', undefined, { retryAfterMs: this.spread(this.limits.drainSpreadMs) });
    if (!this.serves()) throw new ParleyError('unavailable', 'The gateway has not reached messages yet.', { retryAfterMs: 500 });
  }

  private closed(session: Session): void {
    if (session.closed) return;
    session.closed = true;
    this.sessions.delete(session);
    session.unstall();
    this.typing.end(session);
    for (const seat of [...session.seats.values()]) seat.hub.detach(seat, false);
    this.watched.forget(session);
    if (this.users.remove(session)) this.online.left(session.user);
  }

  private revoke(event: SessionEvent): void {
    const body = new ParleyError('session_revoked').toBody();
    for (const session of [...(this.users.get(event.user)?.sessions ?? [])]) {
      if (this.deps.revocations.isRevoked(session.claims)) session.bye(body);
    }
  }

  /** The feed may have lost anything: rooms and users are compared with messages. Every channel says so; it is done once. */
  private lost(): void {
    if (this.lostSoon) return;
    this.lostSoon = true;
    this.deps.clock.after(LOST_COLLECT_MS, () => {
      this.lostSoon = false;
      this.heads.lost();
      for (const user of this.users.all()) this.state.check(user.id, this.spread(LOST_SPREAD_MS));
    });
  }

  /** Spread over the time until the next, so that messages is never asked for all at once. */
  private compareUsers(): void {
    for (const user of this.users.all()) this.state.check(user.id, this.spread(this.limits.worker.usersMs));
  }

  private onSweep(queueBytes: number): void {
    this.buckets.sweep();
    for (const hub of this.hubs.all()) hub.trim();
    this.ladder.sample(queueBytes);
  }

  private async isStranger(session: Session, room: string): Promise<boolean> {
    try {
      // Who was a member once is no stranger: what they repeat may be decided already, and only messages can give them its result.
      const { rights, me } = await this.sync.ask({ user: session.user, me: 0, rooms: {} });
      return !rights.some((right) => right.room === room) && !me.changes.some((change) => change.key === stateKey.room(room));
    } catch {
      return false;
    }
  }

  private spread(ms: number): number {
    return Math.ceil(this.deps.rng.random() * ms);
  }

  private makeHeads(): Heads {
    const { internal, clock, logger } = this.deps;
    return new Heads({
      internal,
      clock,
      logger,
      everyMs: this.limits.worker.headsMs,
      hubs: () => this.hubs.all(),
      hub: (room) => this.hubs.peek(room),
      onEpoch: () => {
        const retryAfterMs = this.spread(this.limits.drainSpreadMs);
        const body = new ParleyError('overloaded', 'The history was restored: connect again.', { retryAfterMs }).toBody();
        for (const session of [...this.sessions]) session.bye(body);
        this.hubs.restart();
      },
    });
  }

  private makeHubs(): Hubs {
    const { feed, clock, codec, internal, logger } = this.deps;
    return new Hubs(feed, {
      clock,
      codec,
      pages: this.pages,
      flusher: this.flusher,
      limits: this.limits.worker,
      ringAgeMs: RING_AGE_MS,
      stats: this.hubStats,
      meter: this.deps.meter ?? NO_METER,
      logger,
      tracing: this.tracing,
      worker: this.name,
      epoch: () => this.heads.epoch ?? '',
      headOf: (room) => this.heads.headOf(room),
      tail: (room, after) => feed.since(channelOf.room(room), after),
      read: (room, after) => internal.call(readEvents, { room, after, limit: LIMITS.eventsPage }),
      rightOf: async (session, room) =>
        (await this.sync.ask({ user: session.user, me: session.ver, rooms: {} })).rights.find((right) => right.room === room) ?? null,
      onLost: () => this.lost(),
      onNow: (hub, payload) => this.typing.receive(hub, payload),
      onJoined: (hub, user, seq) => {
        const sessions = this.users.get(user)?.sessions ?? [];
        for (const session of sessions)
          if (session.resume === 'done' && (session.seats.get(hub.room)?.joinSeq ?? -1) < seq) return this.state.check(user, 1_000);
      },
    });
  }

  private makeFrames(): ClientFrames {
    const { clock, logger, verifier } = this.deps;
    return new ClientFrames({
      clock,
      logger,
      meter: this.deps.meter ?? NO_METER,
      buckets: this.buckets,
      rates: this.limits.rates,
      isDraining: () => this.phase !== 'running' && this.phase !== 'leaving',
      handlers: handlersOf({
        resume: { hubs: this.hubs, users: this.users, sync: this.sync, state: this.state, resumeEvents: this.limits.worker.resumeEvents },
        sender: this.sender,
        marks: this.marks,
        typing: this.typing,
        watched: this.watched,
        verifier,
      }),
    });
  }

  private async drain(goodbyeMs: number): Promise<void> {
    const wasRunning = this.phase === 'running';
    const late = new Promise<void>((resolve) => {
      const timer = this.deps.clock.after(this.limits.drainMs, resolve);
      this.timers.push(timer);
    });
    const body = (retryAfterMs: number) => ({ code: 'draining' as const, message: 'This server is going down for a restart.', retryAfterMs });
    if (wasRunning && goodbyeMs > 0) {
      this.phase = 'leaving';
      await Promise.race([
        late,
        sayGoodbyes({ clock: this.deps.clock, sessions: () => this.sessions, body: () => body(this.spread(ELSEWHERE_MS)) }, goodbyeMs),
      ]);
    }
    this.phase = 'draining';
    for (const session of this.sessions) if (!session.leaving) session.emit('bye', body(this.spread(this.limits.drainSpreadMs)));
    if (wasRunning) await Promise.race([late, this.finish()]);
    this.phase = 'stopped';
    for (const session of [...this.sessions]) {
      session.socket.close(false);
      this.closed(session);
    }
    await Promise.race([late, this.release()]);
    for (const timer of this.timers.splice(0)) timer.cancel();
  }

  private async finish(): Promise<void> {
    await this.frames.idle();
    await this.marks.flush();
    this.flusher.stop();
  }

  private async release(): Promise<void> {
    this.heads.stop();
    this.queues.stop();
    this.ladder.stop();
    this.typing.stop();
    for (const step of await Promise.allSettled([this.online.stop(), this.watched.stop(), this.profiles.stop(), this.users.close(), this.hubs.close()]))
      if (step.status === 'rejected') this.deps.logger.warn({ err: step.reason }, 'a part of the gateway did not stop cleanly');
  }
}
