// Fetches what a hub misses: first from the feed's tail, then from messages, the truth. One at a time per room; never gives up while
// the room is in use.
import type { Hub } from './hub.ts';
import { pause } from './hub-deps.ts';

const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;

export async function repair(hub: Hub): Promise<void> {
  if (hub.repairing) return;
  hub.repairing = true;
  let backoffMs = BACKOFF_MS;
  try {
    while (!hub.isClosed && hub.target > hub.head) {
      const before = hub.head;
      try {
        await fetchOnce(hub);
      } catch (error) {
        hub.deps.logger.warn({ err: error, room: hub.room }, 'missing events of a room could not be read yet');
      }
      if (hub.head > before) backoffMs = BACKOFF_MS;
      else if (hub.target > hub.head) {
        await pause(hub.deps.clock, backoffMs);
        backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2);
      }
    }
  } finally {
    hub.repairing = false;
  }
}

async function fetchOnce(hub: Hub): Promise<void> {
  const after = hub.head;
  const tail = await hub.deps.tail(hub.room, after).catch(() => null);
  for (const payload of tail ?? []) hub.receive(payload);
  if (hub.target <= hub.head || hub.isClosed) return;
  const { head, events } = await hub.deps.read(hub.room, hub.head);
  hub.offer(events);
  if (head > hub.target) hub.target = head;
}
