// Brings one socket from where it stands to the ring of its room, by pages, and there makes it live.
// Nothing is buffered for it meanwhile, nothing past the hub's head is written, and its own removal ends it.
import { pause } from './hub-deps.ts';
import { join } from './ring.ts';
import type { Seat } from './seat.ts';

const RETRY_MS = 250;

export async function catchUp(seat: Seat): Promise<void> {
  if (seat.busy) return;
  seat.busy = true;
  const { deps } = seat.hub;
  try {
    while (seat.state === 'catching' && !seat.hub.isClosed) {
      const waiting = step(seat);
      if (waiting === null) continue;
      try {
        await waiting;
      } catch (error) {
        deps.logger.warn({ err: error, room: seat.hub.room }, 'a socket cannot catch up yet');
        await pause(deps.clock, RETRY_MS);
      }
    }
  } finally {
    seat.busy = false;
  }
}

/** One step; null when it is done at once, else what to wait for before the next. */
function step(seat: Seat): Promise<void> | null {
  const { hub, session } = seat;
  if (session.closed) {
    hub.detach(seat, false);
    return null;
  }
  if (!hub.isOpen) return hub.moved(0);
  if (session.stalled) return session.drained();
  if (seat.pos > hub.head) return hub.moved(seat.pos);
  if (!session.canTake()) return null;
  if (seat.pos >= hub.ring.from) {
    hub.goLive(seat);
    return null;
  }
  if (hub.head - seat.pos > hub.deps.limits.resumeEvents) return reset(seat);
  return writePage(seat);
}

async function writePage(seat: Seat): Promise<void> {
  const { hub, session } = seat;
  const page = await hub.deps.pages.after(hub.room, seat.pos, hub.head);
  if (seat.state !== 'catching' || hub.isClosed || !session.canTake()) return;
  const first = page.entries[0];
  const last = page.entries.at(-1);
  const removal = page.entries.find((entry) => entry.removes === session.user && entry.seq > seat.joinSeq && entry.seq > seat.pos);
  const end = Math.min(hub.head, removal === undefined ? Number.POSITIVE_INFINITY : removal.seq - 1);
  const whole = first !== undefined && last !== undefined && first.seq === seat.pos + 1 && last.seq <= end;
  const entries = whole ? page.entries : page.entries.filter((entry) => entry.seq > seat.pos && entry.seq <= end);
  if (entries.length > 0) {
    session.socket.write(whole && page.joined !== null ? page.joined : join(entries.map((entry) => entry.bytes)));
    hub.deps.stats.events += entries.length;
    seat.pos = entries.at(-1)?.seq ?? seat.pos;
  }
  if (removal !== undefined && removal.seq <= hub.head) return hub.detach(seat, true);
  // Many sockets catch up at once: the others and the acks get their turn between two pages.
  await pause(hub.deps.clock, entries.length === 0 ? RETRY_MS : 0);
}

/**
 * Too far behind to be sent everything: position first, then state. What is skipped may hold the removal of this very member, so a
 * right that was read before the hub saw the room is read again.
 */
async function reset(seat: Seat): Promise<void> {
  const { hub, session } = seat;
  if (seat.rightAt < hub.knownFrom) {
    const right = await hub.deps.rightOf(session, hub.room);
    if (seat.state !== 'catching') return;
    if (right === null || hub.outlived(session.user, right.joinSeq)) return hub.detach(seat, true);
    seat.joinSeq = right.joinSeq;
    seat.rightAt = right.head;
    if (right.head > hub.head) {
      hub.noteHead(right.head);
      return hub.moved(right.head);
    }
  }
  seat.pos = Math.max(seat.pos, hub.head);
  hub.deps.stats.resets += 1;
  session.emit('reset', { room: hub.room, from: seat.pos, epoch: hub.deps.epoch() });
}
