// Notifications on their way to a person: looked at again, given to devices or into a letter, dropped. Each move is made once: it names the
// state that it leaves, so a repeated job changes nothing.

import { QUEUES } from '@parley/protocol';
import { type Database, orUnavailable } from './store-database.ts';
import { DIGEST, type Job, TELL, writeJobs } from './store-events.ts';

export interface NotificationRow {
  readonly id: bigint;
  readonly userId: string;
  readonly roomId: string;
  readonly seq: number;
  readonly kind: string;
  readonly push: string;
  readonly looks: number;
  readonly createdMs: number;
}

export interface DeliveryRow {
  readonly state: string;
  readonly notification: NotificationRow;
}

export const PUSH = QUEUES.push;

export type TellingStore = ReturnType<typeof createTellingStore>;

export const createTellingStore = (db: Database) => ({ ...createPushes(db), ...createDigests(db), ...createHousekeeping(db) });

interface Raw extends Omit<NotificationRow, 'seq' | 'createdMs'> {
  readonly seq: bigint;
  readonly createdMs: bigint;
}
const rowOf = ({ id, userId, roomId, seq, kind, push, looks, createdMs }: Raw): NotificationRow => ({
  id,
  userId,
  roomId,
  seq: Number(seq),
  kind,
  push,
  looks,
  createdMs: Number(createdMs),
});

const createPushes = (db: Database) => ({
  notification: (id: bigint): Promise<NotificationRow | null> =>
    orUnavailable(async () => {
      const row = await db.notification.findUnique({ where: { id } });
      return row && rowOf(row);
    }),
  roomName: (id: string): Promise<{ readonly kind: string; readonly name: string | null } | null> =>
    orUnavailable(() => db.room.findUnique({ where: { id }, select: { kind: true, name: true } })),
  dropPush: (id: bigint, reason: string): Promise<void> =>
    orUnavailable(async () => {
      await db.notification.updateMany({ where: { id, push: 'waiting' }, data: { push: 'dropped', reason } });
    }),
  /** Looks again at `dueMs`, once for each look. `looked`: it counts as one of the looks at somebody who is online. */
  lookAgain: ({ id, looks }: NotificationRow, nowMs: number, dueMs: number, looked: boolean, trace?: string): Promise<void> =>
    orUnavailable(() =>
      db.$transaction(async (tx) => {
        const { count } = await tx.notification.updateMany({
          where: { id, push: 'waiting', looks, againMs: { lte: BigInt(nowMs) } },
          data: { looks: looks + (looked ? 1 : 0), againMs: BigInt(dueMs) },
        });
        if (count === 0) return;
        // Another id than the job in hand: the same id would be the same job.
        await writeJobs(tx, [{ queue: TELL, id: `n${id}.${dueMs}`, payload: { id: String(id), ...(trace === undefined ? {} : { trace }) }, dueMs }]);
      }),
    ),
  /** One delivery and one job per device. */
  giveToDevices: (id: bigint, devices: readonly string[], nowMs: number, trace?: string): Promise<void> =>
    orUnavailable(() =>
      db.$transaction(async (tx) => {
        const { count } = await tx.notification.updateMany({ where: { id, push: 'waiting' }, data: { push: 'told' } });
        if (count === 0) return;
        await tx.delivery.createMany({ data: devices.map((deviceId) => ({ notificationId: id, deviceId, state: 'waiting' })), skipDuplicates: true });
        const payload = { id: String(id), ...(trace === undefined ? {} : { trace }) };
        const jobs = devices.map((device): Job => ({ queue: PUSH, id: `p${id}.${device}`, payload: { ...payload, device }, dueMs: nowMs }));
        await writeJobs(tx, jobs);
      }),
    ),
  delivery: (notificationId: bigint, deviceId: string): Promise<DeliveryRow | null> =>
    orUnavailable(async () => {
      const row = await db.delivery.findUnique({ where: { notificationId_deviceId: { notificationId, deviceId } } });
      const notification = row && (await db.notification.findUnique({ where: { id: notificationId } }));
      return row && notification && { state: row.state, notification: rowOf(notification) };
    }),
  /** What was sent, dropped or refused stays so. */
  setDelivery: (notificationId: bigint, deviceId: string, state: 'trying' | 'sent' | 'dropped' | 'refused', reason: string | null = null): Promise<void> =>
    orUnavailable(async () => {
      await db.delivery.updateMany({ where: { notificationId, deviceId, state: { in: ['waiting', 'trying'] } }, data: { state, reason } });
    }),
});

const createDigests = (db: Database) => ({
  digest: (id: string): Promise<{ readonly userId: string; readonly state: string } | null> =>
    orUnavailable(() => db.digest.findUnique({ where: { id }, select: { userId: true, state: true } })),
  /** What a closed letter holds. */
  digestItems: (id: string): Promise<readonly NotificationRow[]> =>
    orUnavailable(async () => (await db.notification.findMany({ where: { digestId: id, mail: 'waiting' }, orderBy: { id: 'asc' }, take: 200 })).map(rowOf)),
  /** Once for each look. */
  digestAgain: (id: string, nowMs: number, dueMs: number, trace?: string): Promise<void> =>
    orUnavailable(() =>
      db.$transaction(async (tx) => {
        const { count } = await tx.digest.updateMany({
          where: { id, state: 'waiting', againMs: { lte: BigInt(nowMs) } },
          data: { againMs: BigInt(dueMs) },
        });
        if (count === 0) return;
        await writeJobs(tx, [{ queue: DIGEST, id: `d${id}.${dueMs}`, payload: { id, ...(trace === undefined ? {} : { trace }) }, dueMs }]);
      }),
    ),
  /** From here on nothing joins it: later notifications open another letter. */
  closeDigest: (id: string, userId: string): Promise<void> =>
    orUnavailable(() =>
      db.$transaction(async (tx) => {
        const { count } = await tx.digest.updateMany({ where: { id, state: 'waiting' }, data: { state: 'sending' } });
        if (count === 1) await tx.notification.updateMany({ where: { userId, mail: 'waiting', digestId: null }, data: { digestId: id } });
      }),
    ),
  endDigest: (id: string, state: 'sent' | 'dropped', told: readonly bigint[]): Promise<void> =>
    orUnavailable(async () => {
      await db.$transaction([
        db.notification.updateMany({ where: { id: { in: [...told] }, mail: 'waiting' }, data: { mail: 'told' } }),
        db.notification.updateMany({ where: { digestId: id, mail: 'waiting' }, data: { mail: 'dropped' } }),
        db.digest.updateMany({ where: { id }, data: { state } }),
      ]);
    }),
});

const createHousekeeping = (db: Database) => ({
  /** What was told or dropped long ago answers no repetition any more: a room's seq does that. */
  forgetBefore: (createdMs: number): Promise<void> =>
    orUnavailable(async () => {
      await db.notification.deleteMany({ where: { createdMs: { lt: BigInt(createdMs) } } });
      await db.digest.deleteMany({ where: { createdMs: { lt: BigInt(createdMs) } } });
    }),
});
