// Keeps this worker's users online: one lease for the worker, its users beside it. A user is offline some time after the last socket.
import type { Clock, Presence, Timer } from '@parley/ports';
import type { Logger } from '@parley/runtime';

const TOUCH_MS = 2_500;
const LEASE_MS = 8_000;
const GRACE_MS = 10_000;
/** Users that come together are told together, and those that go too. */
const COLLECT_MS = 20;
const SAY_MAX = 5_000;

export interface OnlineDeps {
  readonly presence: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This worker's incarnation. */
  readonly worker: string;
}

export class Online {
  private readonly deps: OnlineDeps;
  /** Everybody held: with sockets, or in their grace. */
  private readonly held = new Set<string>();
  /** Those in their grace, and when it ends: the first to end comes first. One timer for all of them. */
  private readonly graces = new Map<string, number>();
  private graceTimer: Timer | null = null;
  private fresh = new Set<string>();
  private collecting = false;
  private timer: Timer | null = null;
  private touching: Promise<void> = Promise.resolve();
  private stopped = false;
  failing = false;

  constructor(deps: OnlineDeps) {
    this.deps = deps;
  }

  start(): void {
    this.timer = this.deps.clock.every(TOUCH_MS, () => this.touch());
  }

  /** The user has a socket here. */
  arrived(user: string): void {
    this.graces.delete(user);
    if (this.held.has(user)) return;
    this.held.add(user);
    this.fresh.add(user);
    if (this.collecting) return;
    this.collecting = true;
    this.deps.clock.after(COLLECT_MS, () => {
      this.collecting = false;
      this.touch();
    });
  }

  /** The user's last socket here is gone. */
  left(user: string): void {
    if (this.stopped) return;
    this.graces.delete(user);
    this.graces.set(user, this.deps.clock.monotonic() + GRACE_MS);
    this.graceTimer ??= this.deps.clock.after(GRACE_MS, () => this.endGraces());
  }

  /** A clean stop: nobody is held here any more. Their grace runs at the worker they come back to. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.graceTimer?.cancel();
    this.graces.clear();
    this.held.clear();
    this.after(() => this.deps.presence.drop(this.deps.worker, null));
    await this.touching;
  }

  private endGraces(): void {
    this.graceTimer = null;
    const now = this.deps.clock.monotonic();
    const gone: string[] = [];
    for (const [user, ends] of this.graces) {
      if (ends > now) {
        this.graceTimer = this.deps.clock.after(Math.max(COLLECT_MS, Math.ceil(ends - now)), () => this.endGraces());
        break;
      }
      this.graces.delete(user);
      this.held.delete(user);
      this.fresh.delete(user);
      gone.push(user);
    }
    if (gone.length > 0) this.after(() => this.deps.presence.drop(this.deps.worker, gone));
  }

  private touch(): void {
    if (this.stopped) return;
    const users = [...this.fresh];
    this.fresh = new Set();
    this.after(async () => {
      try {
        const answer = await this.say(users);
        if (answer === 'missing') await this.say([...this.held]);
      } catch (error) {
        for (const user of users) if (this.held.has(user)) this.fresh.add(user);
        throw error;
      }
    });
  }

  private async say(users: readonly string[]): Promise<'kept' | 'missing'> {
    let answer: 'kept' | 'missing' = 'kept';
    for (let i = 0; i === 0 || i < users.length; i += SAY_MAX) {
      const said = await this.deps.presence.touch(this.deps.worker, LEASE_MS, users.slice(i, i + SAY_MAX));
      if (i === 0) answer = said;
    }
    return answer;
  }

  /** One call at a time: a drop must not overtake the touch before it. */
  private after(call: () => Promise<void>): void {
    this.touching = this.touching.then(call).then(
      () => {
        this.failing = false;
      },
      (error: unknown) => {
        this.failing = true;
        this.deps.logger.warn({ err: error }, 'presence could not be told');
      },
    );
  }
}
