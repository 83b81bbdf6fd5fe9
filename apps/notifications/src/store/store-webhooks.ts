// Outgoing webhooks of rooms, and the secrets that this installation made at its first start.
import type { ChangeWebhook, WebhookDisabled } from '@parley/protocol';
import { type Database, orUnavailable } from './store-database.ts';

export interface WebhookRow {
  readonly id: string;
  readonly roomId: string;
  readonly url: string;
  readonly secret: string;
  readonly events: string[];
  readonly createdBy: string;
  readonly createdMs: number;
  readonly disabled: WebhookDisabled | null;
  readonly failures: number;
}

type Raw = Omit<WebhookRow, 'createdMs' | 'disabled'> & { createdMs: bigint; disabled: string | null };
// The table's CHECK allows no other reason.
const rowOf = (row: Raw): WebhookRow => ({ ...row, createdMs: Number(row.createdMs), disabled: row.disabled as WebhookDisabled | null });

export type WebhookStore = ReturnType<typeof createWebhookStore>;

export const createWebhookStore = (db: Database) => ({
  list: (roomId: string): Promise<readonly WebhookRow[]> =>
    orUnavailable(async () => (await db.webhook.findMany({ where: { roomId }, orderBy: [{ createdMs: 'asc' }, { id: 'asc' }] })).map(rowOf)),
  find: (id: string): Promise<WebhookRow | null> =>
    orUnavailable(async () => {
      const row = await db.webhook.findUnique({ where: { id } });
      return row && rowOf(row);
    }),
  add: (row: WebhookRow): Promise<void> =>
    orUnavailable(async () => {
      await db.webhook.create({ data: { ...row, createdMs: BigInt(row.createdMs) } });
    }),
  /** `by`: whoever switches one on again answers for it from then on. */
  change: (id: string, { url, events, enabled }: ChangeWebhook, by: string): Promise<void> =>
    orUnavailable(async () => {
      const on = enabled === undefined ? {} : enabled ? { disabled: null, failures: 0, createdBy: by } : { disabled: 'by_hand' };
      await db.webhook.updateMany({ where: { id }, data: { ...(url === undefined ? {} : { url }), ...(events === undefined ? {} : { events }), ...on } });
    }),
  setSecret: (id: string, secret: string): Promise<void> =>
    orUnavailable(async () => {
      await db.webhook.updateMany({ where: { id }, data: { secret } });
    }),
  remove: (id: string): Promise<void> =>
    orUnavailable(async () => {
      await db.webhook.deleteMany({ where: { id } });
    }),
  delivered: (id: string): Promise<void> =>
    orUnavailable(async () => {
      await db.webhook.updateMany({ where: { id, failures: { gt: 0 } }, data: { failures: 0 } });
    }),
  /** One delivery was given up; after `most` in a row it is switched off. */
  gaveUp: (id: string, most: number): Promise<void> =>
    orUnavailable(async () => {
      await db.$executeRaw`
        UPDATE webhook SET failures = failures + 1, disabled = coalesce(disabled, CASE WHEN failures + 1 >= ${most} THEN 'failing' END) WHERE id = ${id}::uuid`;
    }),
  disable: (id: string, reason: WebhookDisabled): Promise<void> =>
    orUnavailable(async () => {
      await db.webhook.updateMany({ where: { id, disabled: null }, data: { disabled: reason } });
    }),
});

/** The secret of this name, made once: whoever comes second takes the first one's. */
export async function secretNamed<T extends object>(db: Database, name: string, make: () => T): Promise<T> {
  const row = await db.secret.findUnique({ where: { name } });
  if (row !== null) return row.value as T;
  await db.secret.createMany({ data: [{ name, value: { ...make() } }], skipDuplicates: true });
  return (await db.secret.findUniqueOrThrow({ where: { name } })).value as T;
}
