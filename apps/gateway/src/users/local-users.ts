// The users of this worker's sockets: one subscription of `user:<id>` per user while any socket of theirs is here.
import type { Clock, Feed, FeedSubscription, Timer } from '@parley/ports';
import { channelOf, type FeedUser } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Session } from '../session.ts';

export interface LocalUser {
  readonly id: string;
  /** Few: most people have one. */
  readonly sessions: readonly Session[];
  /** The next comparison with messages. */
  check: { readonly at: number; readonly timer: Timer } | null;
}

interface Entry extends LocalUser {
  sessions: readonly Session[];
  subscription: Promise<FeedSubscription> | null;
}

export interface LocalUsersDeps {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onMessage: (user: LocalUser, message: FeedUser) => void;
  readonly onLost: () => void;
}

export class LocalUsers {
  private readonly deps: LocalUsersDeps;
  private readonly users = new Map<string, Entry>();
  private readonly leaving = new Map<string, Promise<void>>();
  /** The last try to subscribe failed. */
  failing = false;

  constructor(deps: LocalUsersDeps) {
    this.deps = deps;
  }

  get(user: string): LocalUser | undefined {
    return this.users.get(user);
  }

  all(): IterableIterator<LocalUser> {
    return this.users.values();
  }

  count(user: string): number {
    return this.users.get(user)?.sessions.length ?? 0;
  }

  add(session: Session): LocalUser {
    const known = this.users.get(session.user);
    const entry: Entry = known ?? { id: session.user, sessions: [], check: null, subscription: null };
    if (known === undefined) this.users.set(session.user, entry);
    entry.sessions = [...entry.sessions, session];
    // Results of commands come here, so it is needed before the first resume too.
    void this.subscribed(session.user).catch(() => {});
    return entry;
  }

  /** The last socket of a user takes the subscription with it. Answers whether it was the last. */
  remove(session: Session): boolean {
    const entry = this.users.get(session.user);
    if (entry === undefined) return false;
    entry.sessions = entry.sessions.filter((one) => one !== session);
    if (entry.sessions.length > 0) return false;
    this.users.delete(session.user);
    entry.check?.timer.cancel();
    const leaving = (entry.subscription ?? Promise.resolve(null))
      .then((subscription) => subscription?.unsubscribe())
      .catch(() => {})
      .then(() => {
        if (this.leaving.get(session.user) === leaving) this.leaving.delete(session.user);
      });
    this.leaving.set(session.user, leaving);
    return true;
  }

  /** Resolves when what is published for the user from now on arrives here. Rejects when the feed is away; the next call tries again. */
  async subscribed(user: string): Promise<void> {
    const entry = this.users.get(user);
    if (entry === undefined) return;
    entry.subscription ??= this.subscribe(entry);
    await entry.subscription;
  }

  async close(): Promise<void> {
    for (const entry of [...this.users.values()]) for (const session of [...entry.sessions]) this.remove(session);
    await Promise.all(this.leaving.values());
  }

  private async subscribe(entry: Entry): Promise<FeedSubscription> {
    try {
      // One subscription per channel: an earlier one of the same user must be out first.
      await this.leaving.get(entry.id);
      const subscription = await this.deps.feed.subscribe(channelOf.user(entry.id), (message) => this.receive(entry, message.payload), this.deps.onLost);
      this.failing = false;
      return subscription;
    } catch (error) {
      entry.subscription = null;
      this.failing = true;
      this.deps.logger.warn({ err: error }, "a user's channel could not be subscribed yet");
      throw error;
    }
  }

  private receive(entry: Entry, payload: unknown): void {
    const { changes, results } = (payload ?? {}) as Partial<FeedUser>;
    if (entry.sessions.length > 0 && Array.isArray(changes) && Array.isArray(results)) this.deps.onMessage(entry, { user: entry.id, changes, results });
  }
}
