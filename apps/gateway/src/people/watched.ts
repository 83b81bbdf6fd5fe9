// Whose presence the sockets of this worker show: one watch for all of them, changes joined per tick. Left out before messages are.
import type { Clock, Presence, PresenceChange, PresenceWatch } from '@parley/ports';
import type { PresenceList } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Session } from '../session.ts';

const TICK_MS = 100;
const SET_COLLECT_MS = 20;
const RETRY_MS = 1_000;

export interface WatchedDeps {
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Watched {
  private readonly deps: WatchedDeps;
  private readonly watchers = new Map<string, Set<Session>>();
  private readonly changed = new Map<string, boolean>();
  /** Sockets that were too full to be told; they are told all of it when there is room. */
  private readonly owed = new Set<Session>();
  /** Changes that came while states were being read: they are newer than what was read. */
  private readonly recent = new Map<string, boolean>();
  private reading = 0;
  private ticking = false;
  private watch: Promise<PresenceWatch> | null = null;
  private setting: Promise<void> | null = null;
  private stopped = false;

  constructor(deps: WatchedDeps) {
    this.deps = deps;
  }

  /** Replaces what the socket watches; answers the present state of each. Throws when presence is away. */
  async set(session: Session, people: readonly string[]): Promise<PresenceList> {
    this.replace(session, new Set(people));
    await this.apply();
    return this.read(people);
  }

  /** The socket is gone. */
  forget(session: Session): void {
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

  private async read(people: readonly string[]): Promise<PresenceList> {
    this.reading += 1;
    try {
      const online = await this.deps.presence.read(people);
      return people.map((user) => ({ user, state: (this.recent.get(user) ?? online.has(user)) ? 'online' : 'offline' }));
    } finally {
      this.reading -= 1;
      if (this.reading === 0) this.recent.clear();
    }
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
      this.deps.clock.after(SET_COLLECT_MS, () => {
        this.setting = null;
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
    for (const change of changes) {
      if (this.reading > 0) this.recent.set(change.user, change.online);
      if (this.watchers.has(change.user)) this.changed.set(change.user, change.online);
    }
    if (this.changed.size > 0) this.tickSoon();
  }

  private tickSoon(): void {
    if (this.ticking || this.stopped) return;
    this.ticking = true;
    this.deps.clock.after(TICK_MS, () => this.tick());
  }

  private tick(): void {
    this.ticking = false;
    const lists = new Map<Session, PresenceList>();
    for (const [user, online] of this.changed) {
      for (const session of this.watchers.get(user) ?? []) {
        const list = lists.get(session) ?? [];
        lists.set(session, list);
        list.push({ user, state: online ? 'online' : 'offline' });
      }
    }
    this.changed.clear();
    for (const [session, list] of lists) {
      if (session.canTakeEphemera()) session.emit('presence', list);
      else this.owed.add(session);
    }
    this.payOwed();
  }

  private payOwed(): void {
    for (const session of this.owed) {
      if (session.closed) this.owed.delete(session);
      if (!session.canTakeEphemera()) continue;
      this.owed.delete(session);
      this.read([...session.watching]).then(
        (list) => session.emit('presence', list),
        () => this.owed.add(session),
      );
    }
    if (this.owed.size > 0) this.tickSoon();
  }
}
