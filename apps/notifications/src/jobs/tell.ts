// A notification that is due: is it still news to somebody who is away? Then it goes to each of their devices. Else it is dropped, or looked
// at again: presence may be late to say that somebody is gone.
import type { Clock, JobAttempt, Presence } from '@parley/ports';
import { readToTell } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { quietUntil } from '../quiet-hours.ts';
import type { PeopleStore } from '../store/store-people.ts';
import type { NotificationRow, TellingStore } from '../store/store-telling.ts';

export interface TellDeps {
  readonly telling: TellingStore;
  readonly people: PeopleStore;
  readonly internal: InternalClient;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly onJobs: () => void;
}

/** Somebody who was online and did not read is looked at again this often, this many times: by then a dead connection has been noticed. */
const LOOK_MS = 20_000;
const LOOKS = 3;

/** Handles a job of `notification.tell`. */
export const createTell =
  ({ telling, people, internal, presence, clock, onJobs }: TellDeps) =>
  async (job: JobAttempt): Promise<void> => {
    const { id } = job.payload as { id: string };
    const row = await telling.notification(BigInt(id));
    if (row === null || row.push !== 'waiting') return;
    const reason = await whyNot(row, internal);
    if (reason !== null) return telling.dropPush(row.id, reason);
    const { push, quiet } = await people.preferences(row.userId);
    if (!push) return telling.dropPush(row.id, 'push is off');
    const untilMs = quietUntil(quiet, clock.now());
    if (untilMs !== null) {
      await telling.lookAgain(row, untilMs, false);
    } else if ((await presence.read([row.userId])).has(row.userId)) {
      if (row.looks >= LOOKS) return telling.dropPush(row.id, 'online');
      await telling.lookAgain(row, clock.now() + LOOK_MS, true);
    } else {
      const devices = await people.devices(row.userId);
      if (devices.length === 0) return telling.dropPush(row.id, 'no device');
      const ids = devices.map((device) => device.id);
      await telling.giveToDevices(row.id, ids, clock.now());
    }
    onJobs();
  };

async function whyNot({ userId, roomId, seq }: NotificationRow, internal: InternalClient): Promise<string | null> {
  const { items } = await internal.call(readToTell, { items: [{ user: userId, room: roomId, seq }] });
  const item = items[0] ?? null;
  if (item === null) return 'not theirs to see';
  if (item.read) return 'read';
  return item.muted ? 'muted' : null;
}
