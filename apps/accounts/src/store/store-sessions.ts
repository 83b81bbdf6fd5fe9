// Rows of sessions. Whoever changes them holds the person's lock (lockPerson), and tells it through the outbox in the same transaction.
import { hashSecret, type SessionFacts } from '../credentials/refresh-tokens.ts';
import { type Database, guard, type Transaction } from './store.ts';
import type { Role } from './store-people.ts';

export type SessionClass = 'person' | 'load';

export interface NewSession {
  readonly id: string;
  readonly personId: string;
  readonly device: string | null;
  readonly cls: SessionClass;
  readonly refreshToken: string;
  readonly now: number;
}

export async function insertSession(tx: Transaction, session: NewSession): Promise<void> {
  const now = BigInt(session.now);
  const { id, personId, device, cls, refreshToken } = session;
  await tx.session.create({ data: { id, personId, device, cls, tokenHash: hashSecret(refreshToken), rotatedAt: now, createdAt: now, lastUsedAt: now } });
}

export interface SessionRow extends SessionFacts {
  readonly id: string;
  readonly cls: SessionClass;
  readonly tokenHash: Uint8Array;
}

/** Whose session this is; null: there is no such session. */
export async function sessionOwner(tx: Transaction, id: string): Promise<string | null> {
  return (await tx.session.findUnique({ where: { id }, select: { personId: true } }))?.personId ?? null;
}

export async function readSession(tx: Transaction, id: string): Promise<SessionRow | null> {
  const row = await tx.session.findUnique({ where: { id } });
  if (!row) return null;
  return {
    id,
    cls: row.cls as SessionClass,
    tokenHash: row.tokenHash,
    number: row.number,
    rotatedAt: Number(row.rotatedAt),
    lastUsedAt: Number(row.lastUsedAt),
    ended: row.endedAt !== null,
  };
}

export async function rotateSession(tx: Transaction, id: string, number: number, refreshToken: string, now: number): Promise<void> {
  await tx.session.update({ where: { id }, data: { number, tokenHash: hashSecret(refreshToken), rotatedAt: BigInt(now), lastUsedAt: BigInt(now) } });
}

export type EndedBy = 'logout' | 'revoked' | 'password' | 'reuse' | 'erased';

/** Ends it; false: it was not live. */
export async function endSession(tx: Transaction, id: string, personId: string, by: EndedBy, now: number): Promise<boolean> {
  const ended = await tx.session.updateMany({ where: { id, personId, endedAt: null }, data: { endedAt: BigInt(now), endedBy: by } });
  return ended.count === 1;
}

/** Ends all live ones, and answers them. */
export const endAllSessions = (tx: Transaction, personId: string, by: EndedBy, now: number): Promise<string[]> => endOtherSessions(tx, personId, null, by, now);

/** Ends all live ones but `except`, and answers them. */
export async function endOtherSessions(tx: Transaction, personId: string, except: string | null, by: EndedBy, now: number): Promise<string[]> {
  const rows = await tx.session.updateManyAndReturn({
    where: { personId, endedAt: null, ...(except === null ? {} : { id: { not: except } }) },
    data: { endedAt: BigInt(now), endedBy: by },
    select: { id: true },
  });
  return rows.map((row) => row.id);
}

export async function liveSessions(
  database: Database,
  personId: string,
  usedAfter: number,
): Promise<{ id: string; device: string | null; createdAt: number; lastUsedAt: number }[]> {
  const rows = await guard(() =>
    database.session.findMany({ where: { personId, endedAt: null, lastUsedAt: { gt: BigInt(usedAfter) } }, orderBy: { lastUsedAt: 'desc' }, take: 500 }),
  );
  return rows.map((row) => ({ id: row.id, device: row.device, createdAt: Number(row.createdAt), lastUsedAt: Number(row.lastUsedAt) }));
}

/** The person's present role when the session is live, else null. */
export async function liveRole(database: Database, id: string): Promise<Role | null> {
  const row = await guard(() => database.session.findFirst({ where: { id, endedAt: null }, select: { person: { select: { role: true } } } }));
  return (row?.person.role as Role | undefined) ?? null;
}

/** Rows of sessions that ended long ago say nothing any more. */
export async function forgetSessions(tx: Transaction, personId: string, before: number): Promise<void> {
  await tx.session.deleteMany({ where: { personId, OR: [{ endedAt: { lt: BigInt(before) } }, { lastUsedAt: { lt: BigInt(before) } }] } });
}
