// Rows about who may come in: the installation's setting, invitations, load keys, and the secrets made at the first start.
import { hashSecret } from '../credentials/refresh-tokens.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { type Database, guard, type Transaction } from './store.ts';

export interface InstallationRow {
  readonly hasOwner: boolean;
  /** What the owner decided; null: as configured. */
  readonly registration: 'open' | 'invite' | null;
}

export async function readInstallation(database: Database): Promise<InstallationRow> {
  const row = await guard(() => database.installation.findUniqueOrThrow({ where: { id: 1 } }));
  return { hasOwner: row.hasOwner, registration: row.registration as InstallationRow['registration'] };
}

/** As long as there is no owner, whoever holds this lock is the first; afterwards nobody needs it. */
export async function lockInstallation(tx: Transaction): Promise<InstallationRow> {
  const plain = await tx.installation.findUniqueOrThrow({ where: { id: 1 } });
  if (plain.hasOwner) return { hasOwner: true, registration: plain.registration as InstallationRow['registration'] };
  const [locked] = await tx.$queryRaw<{ has_owner: boolean; registration: InstallationRow['registration'] }[]>`
    SELECT has_owner, registration FROM installation WHERE id = 1 FOR UPDATE`;
  return { hasOwner: locked?.has_owner ?? false, registration: locked?.registration ?? null };
}

export async function markOwned(tx: Transaction): Promise<void> {
  await tx.installation.update({ where: { id: 1 }, data: { hasOwner: true } });
}

export async function setRegistration(database: Database, registration: 'open' | 'invite'): Promise<void> {
  await guard(() => database.installation.update({ where: { id: 1 }, data: { registration } }));
}

export async function insertInvitation(database: Database, row: { code: string; uses: number; expiresAt: number; madeBy: string }): Promise<void> {
  await guard(() =>
    database.invitation.create({ data: { codeHash: hashSecret(row.code), usesLeft: row.uses, expiresAt: BigInt(row.expiresAt), madeBy: row.madeBy } }),
  );
}

/** Takes one use; false: unknown, used up or expired. The row's own lock keeps two from taking the last one. */
export async function useInvitation(tx: Transaction, code: string, now: number): Promise<boolean> {
  const taken = await tx.invitation.updateMany({
    where: { codeHash: hashSecret(code), usesLeft: { gt: 0 }, expiresAt: { gt: BigInt(now) } },
    data: { usesLeft: { decrement: 1 } },
  });
  return taken.count === 1;
}

export async function insertLoadKey(database: Database, row: { id: string; key: string; createdAt: number }): Promise<void> {
  await guard(() => database.loadKey.create({ data: { id: row.id, keyHash: hashSecret(row.key), createdAt: BigInt(row.createdAt) } }));
}

export async function isLoadKey(database: Database, key: string): Promise<boolean> {
  return (await guard(() => database.loadKey.findUnique({ where: { keyHash: hashSecret(key) } }))) !== null;
}

/** The secret of this name; the first to ask makes it, and all who race get the same one. */
export async function secretNamed<T extends object>(database: Database, name: string, make: () => Promise<T>): Promise<T> {
  const kept = await guard(() => database.secret.findUnique({ where: { name } }));
  if (kept) return kept.value as T;
  const value = (await make()) as Prisma.InputJsonObject;
  await guard(() => database.secret.createMany({ data: [{ name, value }], skipDuplicates: true }));
  return (await guard(() => database.secret.findUniqueOrThrow({ where: { name } }))).value as T;
}
