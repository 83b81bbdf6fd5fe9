// What each room cost this worker in the last minute, the dearest first. It names rooms by their id and knows nothing of what is said there.
import type { RoomCost } from '../rooms/meter.ts';

export interface CountedRoom {
  readonly room: string;
  /** Counted since it was opened. */
  readonly cost: Readonly<RoomCost>;
}

/** Over the last minute, or since the worker is there. */
export interface DearRoom {
  readonly room: string;
  /** Of the worker's thread: 0 to 1. */
  readonly cpuShare: number;
  readonly bytesPerSecond: number;
  readonly eventsPerSecond: number;
}

const SLICE_MS = 5_000;
const SLICES = 12;

interface Slice {
  readonly ms: number;
  readonly rooms: ReadonlyMap<string, RoomCost>;
}

export class RoomCosts {
  private readonly slices: Slice[] = [];
  /** Last counts of rooms, to tell what was spent since. */
  private last = new Map<string, { readonly of: object; readonly cost: Readonly<RoomCost> }>();
  private lastAt: number | null = null;

  /** Call it often: a slice is taken when it is time. Costs a look at each room, once in five seconds. */
  look(hubs: Iterable<CountedRoom>, now: number): void {
    this.lastAt ??= now;
    const ms = now - this.lastAt;
    if (ms < SLICE_MS) return;
    const next: typeof this.last = new Map();
    const spent = new Map<string, RoomCost>();
    for (const hub of hubs) {
      const { events, bytes, flushUs } = hub.cost;
      const known = this.last.get(hub.room);
      // A room that was closed and opened again counts anew.
      const before = known?.of === hub ? known.cost : { events: 0, bytes: 0, flushUs: 0 };
      next.set(hub.room, { of: hub, cost: { events, bytes, flushUs } });
      if (events > before.events || bytes > before.bytes)
        spent.set(hub.room, { events: events - before.events, bytes: bytes - before.bytes, flushUs: flushUs - before.flushUs });
    }
    this.last = next;
    this.lastAt = now;
    this.slices.push({ ms, rooms: spent });
    if (this.slices.length > SLICES) this.slices.shift();
  }

  /** The `most` dearest by time of the thread, then by bytes. */
  dearest(most: number): readonly DearRoom[] {
    const seconds = this.slices.reduce((sum, slice) => sum + slice.ms, 0) / 1_000;
    const rooms = new Map<string, RoomCost>();
    for (const slice of this.slices) {
      for (const [room, { events, bytes, flushUs }] of slice.rooms) {
        const sum = rooms.get(room);
        rooms.set(
          room,
          sum === undefined ? { events, bytes, flushUs } : { events: sum.events + events, bytes: sum.bytes + bytes, flushUs: sum.flushUs + flushUs },
        );
      }
    }
    return [...rooms]
      .sort(([, a], [, b]) => b.flushUs - a.flushUs || b.bytes - a.bytes)
      .slice(0, most)
      .map(([room, { events, bytes, flushUs }]) => ({
        room,
        cpuShare: flushUs / 1e6 / seconds,
        bytesPerSecond: bytes / seconds,
        eventsPerSecond: events / seconds,
      }));
  }
}
