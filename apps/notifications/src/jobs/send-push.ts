// One push to one device. Its row is written before the push service is called, and what was sent is never sent again; when we die between the
// call and the second row, it is sent twice under one topic and one tag, which shows it once.
import type { JobAttempt } from '@parley/ports';
import { findPeople, readToTell } from '@parley/protocol';
import type { InternalClient, Logger } from '@parley/runtime';
import type { PushChannel } from '../channels/web-push.ts';
import type { PeopleStore } from '../store/store-people.ts';
import type { TellingStore } from '../store/store-telling.ts';
import type { Note } from './follow-job.ts';

export interface SendPushDeps {
  readonly telling: TellingStore;
  readonly people: PeopleStore;
  readonly internal: InternalClient;
  readonly channel: () => PushChannel;
  readonly logger: Logger;
}

/** Handles a job of `push.send`. Throws when the push service should be asked again later. */
export const createSendPush =
  ({ telling, people, internal, channel, logger }: SendPushDeps) =>
  async (job: JobAttempt, note: Note = () => {}): Promise<void> => {
    const { id, device: deviceId } = job.payload as { id: string; device: string };
    const notificationId = BigInt(id);
    const delivery = await telling.delivery(notificationId, deviceId);
    if (delivery === null || !['waiting', 'trying'].includes(delivery.state)) return;
    const { userId, roomId, seq } = delivery.notification;
    note({ user: userId, room: roomId, seq, device: deviceId });
    const end = (state: 'dropped' | 'sent' | 'refused', reason: string | null = null): Promise<void> => {
      note({ outcome: reason ?? state });
      return telling.setDelivery(notificationId, deviceId, state, reason);
    };
    const device = await people.device(deviceId);
    if (device === null || device.userId !== userId) return end('dropped', 'no device');
    // Asked again at each try: a push that waited for its service must not tell what is no longer theirs to see.
    const { items } = await internal.call(readToTell, { items: [{ user: userId, room: roomId, seq }] });
    const item = items[0] ?? null;
    if (item === null || item.read) return end('dropped', item === null ? 'not theirs to see' : 'read');
    const title = await titleOf(item.author, roomId, telling, internal);
    await telling.setDelivery(notificationId, deviceId, 'trying');
    const outcome = await channel().send(device, { room: roomId, seq, title, body: item.text });
    if (outcome === 'later') throw new Error('the push service does not take it now');
    if (outcome === 'sent') return end('sent');
    await end('refused', outcome);
    // Only while it is still that subscription: the browser may have renewed it meanwhile.
    if (outcome === 'gone') await people.removeDevice(deviceId, { endpoint: device.endpoint });
    else logger.warn({ host: new URL(device.endpoint).host }, 'a push service refuses our pushes');
  };

async function titleOf(author: string, room: string, telling: TellingStore, internal: InternalClient): Promise<string> {
  const [{ people }, known] = await Promise.all([internal.call(findPeople, { ids: [author], handles: [] }), telling.roomName(room)]);
  const name = people[0]?.name ?? 'Somebody';
  return known === null || known.kind === 'direct' || known.name === null ? name : `${name} in ${known.name}`;
}
