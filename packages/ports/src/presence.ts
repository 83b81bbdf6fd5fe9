// Who is online: leases that run out by themselves, whatever died. One lease per gateway worker incarnation, users beside it.

export interface PresenceChange {
  readonly user: string;
  readonly online: boolean;
}

export interface Presence {
  /**
   * Keeps the worker's lease alive for `ttlMs` by the store's own clock, and adds `users` to those it holds. Answers 'missing' when the
   * lease was gone before this call (everything it held was forgotten): the worker announces all of its users again.
   */
  touch(worker: string, ttlMs: number, users: readonly string[]): Promise<'kept' | 'missing'>;
  /** The worker holds these users no more; null: none at all, and the lease ends (a clean stop). */
  drop(worker: string, users: readonly string[] | null): Promise<void>;
  /** Which of these are held by a living lease. */
  read(users: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Tells changes of these users, at least once each, within the store's sweep (<= 2 s) after a lease ended. Not told: the state at the
   * time of the call (use `read` after it resolved).
   */
  watch(users: readonly string[], listener: (changes: readonly PresenceChange[]) => void): Promise<PresenceWatch>;
}

export interface PresenceWatch {
  /** Replaces the watched set. */
  set(users: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}
