// Whose presence the sockets of this worker show: one watch for all of them, changes collected into one frame for each socket, encoded once for
// all that get the same. Left out before messages are: it must never send more than the worker can spare.
import type { Clock, Presence, PresenceChange, PresenceWatch } from '@parley/ports';
import type { PresenceList } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Codec } from '../client-socket.ts';
import type { Session } from '../session.ts';
import { JoinedReads } from './joined-reads.ts';
import { listsBySession } from './lists-by-session.ts';

const TICK_MS = 100;
/** After a tick that wrote many frames the next waits: not more than these a second, whatever comes back at once. */
const FRAMES_PER_MS = 5;
const SET_COLLECT_MS = 20;
/** When many come the watch is set less often: each time it is given all of them. */
const SET_EVERY_MS = 100;
const RETRY_MS = 1_000;

export interface WatchedDeps {
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codec: Codec;
}

export class Watched {
  private readonly deps: WatchedDeps;
  private readonly watchers = new Map<string, Set<Session>>();
  private readonly changed = new Map<string, boolean>();
  /** Sockets that were too full to be told; they are told all of it when there is room. */
  private readonly owed = new Set<Session>();
  private readonly reads: JoinedReads;
  private collectMs = 0;
  private lastTick = { at: Number.NEGATIVE_INFINITY, frames: 0 };
  private ticking = false;
  private watch: Promise<PresenceWatch> | null = null;
  private setting: Promise<void> | null = null;
  private lastSetAt = Number.NEGATIVE_INFINITY;
  private stopped = false;

  constructor(deps: WatchedDeps) {
    this.deps = deps;
    this.reads = new JoinedReads(deps.presence);
  }

  /** Changes are collected for at least this long, ms. */
  setCollectMs(ms: number): void {
    this.collectMs = ms;
  }

  /** Replaces what the socket watches; answers the present state of each. Throws when presence is away. */
  async set(session: Session, people: readonly string[]): Promise<PresenceList> {
    this.replace(session, new Set(people));
    await this.apply();
    return this.reads.read(people);
  }

  /** The socket is gone. */
  forget(session: Session): void {
    this.owed.delete(session);
    if (session.watching.size === 0) return;
    this.replace(session, new Set());
    if (!this.stopped) void this.apply().catch(() => {});
  }

  watchersOf(user: string): ReadonlySet<Session> | undefined {
    return this.watchers.get(user);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const watch = await this.watch?.catch(() => null);
    await watch?.stop();
  }

  private replace(session: Session, next: ReadonlySet<string>): void {
    for (const user of session.watching) {
      if (next.has(user)) continue;
      const watchers = this.watchers.get(user);
      watchers?.delete(session);
      if (watchers?.size === 0) this.watchers.delete(user);
    }
    for (const user of next) {
      const watchers = this.watchers.get(user);
      if (watchers === undefined) this.watchers.set(user, new Set([session]));
      else watchers.add(session);
    }
    session.watching = next;
  }

  /** The worker's one watch is set to the union, once for all who changed it in these few ms. */
  private apply(): Promise<void> {
    this.setting ??= new Promise<void>((resolve, reject) => {
      const waitMs = Math.max(SET_COLLECT_MS, Math.ceil(this.lastSetAt + SET_EVERY_MS - this.deps.clock.monotonic()));
      this.deps.clock.after(waitMs, () => {
        this.setting = null;
        this.lastSetAt = this.deps.clock.monotonic();
        this.setNow().then(resolve, (error: unknown) => {
          this.retryLater(error);
          reject(error);
        });
      });
    });
    return this.setting;
  }

  private async setNow(): Promise<void> {
    if (this.stopped) return;
    const users = [...this.watchers.keys()];
    if (this.watch === null) {
      const watch = this.deps.presence.watch(users, (changes) => this.onChanges(changes));
      this.watch = watch;
      watch.catch(() => {
        this.watch = null;
      });
      await watch;
    } else await (await this.watch).set(users);
  }

  private retryLater(error: unknown): void {
    this.deps.logger.warn({ err: error }, 'presence could not be watched yet');
    this.deps.clock.after(RETRY_MS, () => {
      if (!this.stopped) void this.apply().catch(() => {});
    });
  }

  private onChanges(changes: readonly PresenceChange[]): void {
    this.reads.note(changes);
    for (const change of changes) if (this.watchers.has(change.user)) this.changed.set(change.user, change.online);
    if (this.changed.size > 0) this.tickSoon();
  }

  private tickSoon(): void {
    if (this.ticking || this.stopped) return;
    this.ticking = true;
    const { at, frames } = this.lastTick;
    const pauseMs = at + frames / FRAMES_PER_MS - this.deps.clock.monotonic();
    this.deps.clock.after(Math.max(TICK_MS, this.collectMs, Math.ceil(pauseMs)), () => this.tick());
  }

  private tick(): void {
    this.ticking = false;
    let frames = 0;
    for (const [list, sessions] of listsBySession(this.changed, (user) => this.watchers.get(user))) {
      const bytes = this.deps.codec.encode('presence', list);
      for (const session of sessions) {
        frames += 1;
        if (session.canTakeEphemera()) session.socket.write(bytes);
        else this.owed.add(session);
      }
    }
    this.changed.clear();
    this.payOwed();
    this.lastTick = { at: this.deps.clock.monotonic(), frames };
    if (this.owed.size > 0) this.tickSoon();
  }

  private payOwed(): void {
    for (const session of this.owed) {
      if (!session.canTakeEphemera()) continue;
      this.owed.delete(session);
      this.reads.read([...session.watching]).then(
        (list) => session.emit('presence', list),
        () => {
          if (session.closed) return;
          this.owed.add(session);
          this.tickSoon();
        },
      );
    }
  }
}
