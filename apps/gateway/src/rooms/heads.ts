// Compares the rooms of this worker with messages, the truth, so that nothing stays missed when the feed lost the last event of a room.
// Also where the worker learns the installation's epoch and a new room's head.
import type { Clock, Timer } from '@parley/ports';
import { ParleyError, readHeads } from '@parley/protocol';
import type { InternalClient, Logger } from '@parley/runtime';
import type { Hub } from './hub.ts';

/** Rooms in one question. */
const ROOMS_MAX = 1_000;
/** Rooms that open together ask together. */
const COLLECT_MS = 2;

export interface HeadsDeps {
  readonly internal: InternalClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly everyMs: number;
  readonly hubs: () => Iterable<Hub>;
  readonly hub: (room: string) => Hub | undefined;
  /** The installation began a new history: no place of before means anything. */
  readonly onEpoch: () => void;
}

interface Asker {
  readonly resolve: (head: number) => void;
  readonly reject: (error: unknown) => void;
}

const FIRST_RETRY_MS = 500;

export class Heads {
  private readonly deps: HeadsDeps;
  private positions: Record<string, number> = {};
  private timer: Timer | null = null;
  private stopped = false;
  private comparing = false;
  private full = false;
  private asked = new Map<string, Asker[]>();
  /** Null until messages was reached once. */
  epoch: string | null = null;
  failing = false;

  constructor(deps: HeadsDeps) {
    this.deps = deps;
  }

  start(): void {
    this.timer = this.deps.clock.every(this.deps.everyMs, () => void this.compare());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    for (const askers of this.asked.values()) for (const asker of askers) asker.reject(new ParleyError('unavailable', 'The gateway is stopping.'));
    this.asked.clear();
  }

  /** The feed may have lost anything: every room of this worker is compared. */
  lost(): void {
    this.full = true;
    void this.compare();
  }

  /** The room's head; rooms asked for together travel together. */
  headOf(room: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asker = { resolve, reject };
      if (this.asked.size === 0) this.deps.clock.after(COLLECT_MS, () => void this.answerAsked());
      const askers = this.asked.get(room);
      if (askers === undefined) this.asked.set(room, [asker]);
      else askers.push(asker);
    });
  }

  /** One comparison. Resolves when it is done; a failure is remembered and made good by the next. */
  async compare(): Promise<void> {
    if (this.comparing) return;
    this.comparing = true;
    try {
      do {
        const full = this.full;
        this.full = false;
        const rooms = full ? [...this.deps.hubs()].map((hub) => hub.room) : [];
        try {
          const slices = slicesOf(rooms, ROOMS_MAX);
          for (const slice of slices) this.take(await this.deps.internal.call(readHeads, { since: this.positions, rooms: slice }), true);
        } catch (error) {
          this.full ||= full;
          throw error;
        }
      } while (this.full);
      this.failing = false;
    } catch (error) {
      this.failing = true;
      this.deps.logger.warn({ err: error }, 'rooms could not be compared with messages');
      // Until the first answer nobody is let in: that is not the time to wait for the next round.
      if (this.epoch === null && !this.stopped) this.deps.clock.after(FIRST_RETRY_MS, () => void this.compare());
    } finally {
      this.comparing = false;
    }
  }

  private async answerAsked(): Promise<void> {
    const asked = this.asked;
    this.asked = new Map();
    const rooms = [...asked.keys()];
    for (const slice of slicesOf(rooms, ROOMS_MAX)) {
      try {
        const answer = await this.deps.internal.call(readHeads, { since: {}, rooms: slice });
        this.take(answer, false);
        for (const room of slice) for (const asker of asked.get(room) ?? []) asker.resolve(answer.heads[room] ?? 0);
      } catch (error) {
        for (const room of slice) for (const asker of asked.get(room) ?? []) asker.reject(error);
      }
    }
  }

  private take(answer: { epoch: string; positions: Record<string, number>; heads: Record<string, number> }, moved: boolean): void {
    this.noteEpoch(answer.epoch);
    if (moved) this.positions = answer.positions;
    for (const [room, head] of Object.entries(answer.heads)) this.deps.hub(room)?.noteHead(head);
  }

  /** Any answer of messages that names the epoch. */
  noteEpoch(epoch: string): void {
    if (this.epoch === epoch) return;
    const changed = this.epoch !== null;
    this.epoch = epoch;
    if (!changed) return;
    this.positions = {};
    this.deps.onEpoch();
  }
}

/** At least one slice, also of nothing. */
function slicesOf<T>(items: readonly T[], size: number): T[][] {
  const slices: T[][] = [];
  for (let i = 0; i === 0 || i < items.length; i += size) slices.push(items.slice(i, i + size));
  return slices;
}
