// What a person has set: devices, preferences, a mail address, rules per room. Also everything of a person's, to be dropped.
import type { ChangePreferences, NotificationRule, QuietHours } from '@parley/protocol';
import { type Database, orUnavailable } from './store-database.ts';

export interface DeviceRow {
  readonly id: string;
  readonly userId: string;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly label: string | null;
  readonly sessionId: string;
  readonly createdMs: number;
}

export interface PreferenceRow {
  readonly push: boolean;
  readonly mail: boolean;
  readonly quiet: QuietHours | null;
  readonly address: string | null;
  readonly confirmed: boolean;
  readonly askedMs: number | null;
}

/** Devices of one person; more are old ones that their browsers have forgotten. */
const DEVICES = 20;
const DEFAULT: PreferenceRow = { push: true, mail: true, quiet: null, address: null, confirmed: false, askedMs: null };

export type PeopleStore = ReturnType<typeof createPeopleStore>;

export const createPeopleStore = (db: Database) => ({ ...createDevices(db), ...createPreferences(db), ...createRules(db) });

const deviceOf = ({ createdMs, ...row }: Omit<DeviceRow, 'createdMs'> & { createdMs: bigint }): DeviceRow => ({ ...row, createdMs: Number(createdMs) });

const createDevices = (db: Database) => ({
  /** The same endpoint again is the same device, of whoever named it last: a browser has one subscription, whoever uses it. */
  addDevice: (device: DeviceRow): Promise<DeviceRow> =>
    orUnavailable(() =>
      db.$transaction(async (tx) => {
        const { userId, p256dh, auth, label, endpoint, sessionId } = device;
        const row = await tx.device.upsert({
          where: { endpoint },
          create: { ...device, createdMs: BigInt(device.createdMs) },
          update: { userId, p256dh, auth, label, sessionId, createdMs: BigInt(device.createdMs) },
        });
        const tooMany = await tx.device.findMany({ where: { userId }, orderBy: [{ createdMs: 'desc' }, { id: 'desc' }], skip: DEVICES, select: { id: true } });
        if (tooMany.length > 0) await tx.device.deleteMany({ where: { id: { in: tooMany.map((one) => one.id).filter((id) => id !== row.id) } } });
        return deviceOf(row);
      }),
    ),
  devices: (userId: string): Promise<readonly DeviceRow[]> =>
    orUnavailable(async () => (await db.device.findMany({ where: { userId }, orderBy: [{ createdMs: 'asc' }, { id: 'asc' }] })).map(deviceOf)),
  device: (id: string): Promise<DeviceRow | null> =>
    orUnavailable(async () => {
      const row = await db.device.findUnique({ where: { id } });
      return row && deviceOf(row);
    }),
  /** `userId` null: whosever it is. `endpoint`: only while it is still the same. false: there is none. */
  removeDevice: (id: string, only: { userId?: string; endpoint?: string }): Promise<boolean> =>
    orUnavailable(async () => (await db.device.deleteMany({ where: { id, ...only } })).count === 1),
});

const createPreferences = (db: Database) => ({
  preferences: (userId: string): Promise<PreferenceRow> =>
    orUnavailable(async () => {
      const row = await db.preference.findUnique({ where: { userId } });
      if (row === null) return DEFAULT;
      const { push, mail, quietFrom, quietTo, quietZone, address, confirmed, askedMs } = row;
      const quiet = quietFrom === null || quietTo === null || quietZone === null ? null : { from: quietFrom, to: quietTo, zone: quietZone };
      return { push, mail, quiet, address, confirmed, askedMs: askedMs === null ? null : Number(askedMs) };
    }),
  changePreferences: (userId: string, { push, mail, quiet }: ChangePreferences): Promise<void> =>
    orUnavailable(async () => {
      const change = {
        ...(push === undefined ? {} : { push }),
        ...(mail === undefined ? {} : { mail }),
        ...(quiet === undefined ? {} : { quietFrom: quiet?.from ?? null, quietTo: quiet?.to ?? null, quietZone: quiet?.zone ?? null }),
      };
      await db.preference.upsert({ where: { userId }, create: { userId, ...change }, update: change });
    }),
  /** Unconfirmed until the link of the letter is followed. */
  setAddress: (userId: string, address: string | null, askedMs: number): Promise<void> =>
    orUnavailable(async () => {
      const change = { address, confirmed: false, ...(address === null ? {} : { askedMs: BigInt(askedMs) }) };
      await db.preference.upsert({ where: { userId }, create: { userId, ...change }, update: change });
    }),
  /** false: it is not their address any more. */
  confirmAddress: (userId: string, address: string): Promise<boolean> =>
    orUnavailable(async () => (await db.preference.updateMany({ where: { userId, address }, data: { confirmed: true } })).count === 1),
});

const createRules = (db: Database) => ({
  rule: (userId: string, roomId: string): Promise<NotificationRule | null> =>
    orUnavailable(async () => {
      const row = await db.roomRule.findUnique({ where: { userId_roomId: { userId, roomId } } });
      // The table's CHECK allows no other rule.
      return (row?.rule as NotificationRule | undefined) ?? null;
    }),
  setRule: (userId: string, roomId: string, rule: NotificationRule | null): Promise<void> =>
    orUnavailable(async () => {
      if (rule === null) await db.roomRule.deleteMany({ where: { userId, roomId } });
      else await db.roomRule.upsert({ where: { userId_roomId: { userId, roomId } }, create: { userId, roomId, rule }, update: { rule } });
    }),
  /** Subscriptions, rules, webhooks and what waits of the person, in one transaction. Their memberships go as they leave their rooms. */
  erase: (userId: string): Promise<void> =>
    orUnavailable(async () => {
      await db.$transaction([
        db.device.deleteMany({ where: { userId } }),
        db.preference.deleteMany({ where: { userId } }),
        db.roomRule.deleteMany({ where: { userId } }),
        db.notification.deleteMany({ where: { userId } }),
        db.digest.deleteMany({ where: { userId } }),
        db.webhook.deleteMany({ where: { createdBy: userId } }),
      ]);
    }),
});
