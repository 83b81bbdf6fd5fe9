// Pages of a room's history. A page covers exactly (from, to] and always moves forward; no page shows what is at or before the floor.
import { type HistoryPage, LIMITS, type RoomSnapshot } from '@parley/protocol';
import type { RoomView, Store } from '../store/store.ts';

export interface PageRequest {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly around?: number | undefined;
  readonly limit: number;
}

const END = Number.MAX_SAFE_INTEGER;

/** null: no such room, or not a member. The room's epoch is the caller's to add. */
export async function readPage(store: Store, user: string, room: string, request: PageRequest): Promise<HistoryPage | null> {
  const right = await store.right(user, room);
  if (!right) return null;
  const bounds = await boundsOf(store, room, right.floor, request);
  const view = await store.roomView(user, room, bounds.from, bounds.to, false);
  return view && toPage(view, bounds);
}

/** The newest `limit` items and the room at its head, in one moment. */
export async function readSnapshot(store: Store, user: string, room: string, epoch: string, limit: number): Promise<RoomSnapshot | null> {
  const right = await store.right(user, room);
  if (!right) return null;
  const { from } = await boundsOf(store, room, right.floor, { limit });
  const view = await store.roomView(user, room, from, null, true);
  if (!view) return null;
  const start = Math.max(from, view.room.floor);
  return {
    room: { epoch, ...view.room },
    members: [...view.members],
    messages: [...view.messages],
    notices: [...view.notices],
    from: start,
    more: start > view.room.floor,
  };
}

/** `to` null: the head at the time of reading. */
interface Bounds {
  readonly from: number;
  readonly to: number | null;
}

async function boundsOf(store: Store, room: string, floor: number, { before, after, around, limit }: PageRequest): Promise<Bounds> {
  const size = Math.max(1, Math.min(Math.trunc(limit) || 1, LIMITS.historyPage));
  if (around !== undefined) {
    const half = Math.max(1, size >> 1);
    return { from: await startBefore(store, room, floor, around + 1, half), to: await endAfter(store, room, around, half) };
  }
  if (after !== undefined) return { from: Math.max(after, floor), to: await endAfter(store, room, Math.max(after, floor), size) };
  return { from: await startBefore(store, room, floor, before ?? END, size), to: before === undefined ? null : before - 1 };
}

/** Where the `size` items before `before` begin; the floor when there are no more. */
async function startBefore(store: Store, room: string, floor: number, before: number, size: number): Promise<number> {
  const seqs = await store.items(room, floor, before, size + 1, 'end');
  return seqs.length > size ? (seqs[0] as number) : floor;
}

/** The seq before the item that no longer fits after `after`; null when all fit. */
async function endAfter(store: Store, room: string, after: number, size: number): Promise<number | null> {
  const seqs = await store.items(room, after, END, size + 1, 'start');
  return seqs.length > size ? (seqs[size] as number) - 1 : null;
}

function toPage(view: RoomView, bounds: Bounds): HistoryPage {
  const at = view.room.seq;
  const from = Math.min(at, Math.max(bounds.from, view.room.floor));
  const to = Math.max(from, Math.min(bounds.to ?? at, at));
  return { at, from, to, messages: [...view.messages], notices: [...view.notices], moreBefore: from > view.room.floor, moreAfter: to < at };
}
