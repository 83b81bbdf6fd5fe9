// The rooms of this worker: a hub is opened for the first local member and let go some time after the last has left.
import type { Feed } from '@parley/ports';
import { Hub } from './hub.ts';
import { type HubDeps, pause } from './hub-deps.ts';

const OPEN_RETRY_MS = 250;
const OPEN_RETRY_MS_MAX = 2_000;

export class Hubs {
  private readonly feed: Feed;
  private readonly deps: HubDeps;
  private readonly hubs = new Map<string, Hub>();
  private readonly closing = new Map<string, Promise<void>>();
  /** Rooms that could not be opened yet. */
  readonly failing = new Set<string>();

  constructor(feed: Feed, deps: Omit<HubDeps, 'onEmpty'>) {
    this.feed = feed;
    this.deps = { ...deps, onEmpty: (hub) => this.linger(hub) };
  }

  /** The room's hub; a new one opens by itself, however long that takes. */
  get(room: string): Hub {
    const known = this.hubs.get(room);
    if (known !== undefined) return known;
    const hub = new Hub(room, this.deps);
    this.hubs.set(room, hub);
    void this.open(hub);
    return hub;
  }

  peek(room: string): Hub | undefined {
    return this.hubs.get(room);
  }

  all(): IterableIterator<Hub> {
    return this.hubs.values();
  }

  get size(): number {
    return this.hubs.size;
  }

  /** Forgets every room: what is known of them is of another history. Those who come back open them anew. */
  restart(): void {
    for (const hub of [...this.hubs.values()]) {
      for (const seat of [...hub.live, ...hub.catching]) hub.detach(seat, false);
      this.letGo(hub);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.hubs.values()].map((hub) => hub.close().catch(() => {})));
    this.hubs.clear();
    await Promise.all(this.closing.values());
  }

  private async open(hub: Hub): Promise<void> {
    // One subscription per channel: the hub that was here before must be out first.
    await this.closing.get(hub.room);
    for (let waitMs = OPEN_RETRY_MS; !hub.isClosed; waitMs = Math.min(OPEN_RETRY_MS_MAX, waitMs * 2)) {
      try {
        await hub.open(this.feed);
        this.failing.delete(hub.room);
        return;
      } catch (error) {
        this.failing.add(hub.room);
        this.deps.logger.warn({ err: error, room: hub.room }, 'a room could not be opened yet');
        await hub.release();
        await pause(this.deps.clock, waitMs);
      }
    }
    this.failing.delete(hub.room);
  }

  private linger(hub: Hub): void {
    this.deps.clock.after(this.deps.limits.lingerMs, () => {
      if (hub.isEmpty() && this.hubs.get(hub.room) === hub) this.letGo(hub);
    });
  }

  private letGo(hub: Hub): void {
    this.hubs.delete(hub.room);
    this.failing.delete(hub.room);
    const closing = hub
      .close()
      .catch((error: unknown) => this.deps.logger.warn({ err: error, room: hub.room }, 'a room could not be unsubscribed'))
      .finally(() => {
        if (this.closing.get(hub.room) === closing) this.closing.delete(hub.room);
      });
    this.closing.set(hub.room, closing);
  }
}
