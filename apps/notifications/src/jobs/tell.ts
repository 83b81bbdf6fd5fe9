// A notification that is due: is it still news to somebody who is away? Then it goes to each of their devices. Else it is dropped, or looked
// at again: presence may be late to say that somebody is gone.
import type { Clock, JobAttempt, Presence } from '@parley/ports';
import { readToTell } from '@parley/protocol';
import { currentTrace, type InternalClient } from '@parley/runtime';
import { quietUntil } from '../quiet-hours.ts';
import type { PeopleStore } from '../store/store-people.ts';
import type { NotificationRow, TellingStore } from '../store/store-telling.ts';
import type { Note } from './follow-job.ts';

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
  async (job: JobAttempt, note: Note = () => {}): Promise<void> => {
    const { id } = job.payload as { id: string };
    const row = await telling.notification(BigInt(id));
    if (row === null || row.push !== 'waiting') return;
    note({ user: row.userId, room: row.roomId, seq: row.seq });
    const drop = (why: string): Promise<void> => {
      note({ outcome: why });
      return telling.dropPush(row.id, why);
    };
    const reason = await whyNot(row, internal);
    if (reason !== null) return drop(reason);
    const { push, quiet } = await people.preferences(row.userId);
    if (!push) return drop('push is off');
    const untilMs = quietUntil(quiet, clock.now());
    if (untilMs !== null) {
      note({ outcome: 'quiet hours' });
      await telling.lookAgain(row, clock.now(), untilMs, false, currentTrace());
    } else if ((await presence.read([row.userId])).has(row.userId)) {
      if (row.looks >= LOOKS) return drop('online');
      note({ outcome: 'online, looked at again later' });
      await telling.lookAgain(row, clock.now(), clock.now() + LOOK_MS, true, currentTrace());
    } else {
      const devices = await people.devices(row.userId);
      if (devices.length === 0) return drop('no device');
      const ids = devices.map((device) => device.id);
      note({ outcome: 'told', jobs: ids.length });
      await telling.giveToDevices(row.id, ids, clock.now(), currentTrace());
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
