// Rows of the erasure: the person becomes nobody in particular, and the saga that tells the other services begins with it.
import { createSqlSagaStore, insertSaga, type RunSql, type SagaStore } from '@parley/runtime';
import { type Database, guard, type Transaction } from './store.ts';

/** What others see of somebody who is erased. */
export const ERASED_NAME = 'Deleted person';

const sqlOf =
  (client: Database | Transaction): RunSql =>
  (sql, ...values) =>
    guard(() => client.$queryRawUnsafe(sql, ...values));

export const openSagas = (database: Database): SagaStore => createSqlSagaStore(sqlOf(database));

/** Takes away all that says who they were, and how they could sign in. Answers the profile's new version. Needs the person's lock. */
export async function makeNobody(tx: Transaction, id: string, erasure: string): Promise<number> {
  // The last twelve digits: the first ones of an id are its time, which is not theirs alone.
  const handle = `deleted-${id.slice(-12)}`;
  const { ver } = await tx.person.update({
    where: { id },
    data: { handle, name: ERASED_NAME, passwordHash: null, erasure, ver: { increment: 1 } },
    select: { ver: true },
  });
  return ver;
}

export interface ErasureBegin {
  readonly id: string;
  readonly kind: string;
  readonly step: string;
  readonly user: string;
  readonly now: number;
  readonly deadlineMs: number;
}

export const insertErasure = (tx: Transaction, { id, kind, step, user, now, deadlineMs }: ErasureBegin): Promise<void> =>
  insertSaga(sqlOf(tx), { id, kind, step, data: { user }, dueAt: now, deadlineAt: now + deadlineMs, createdAt: now });

/** The last step: what is left of a person is the row that keeps their id from being somebody else's. */
export async function forgetPerson(tx: Transaction, id: string): Promise<void> {
  await tx.session.deleteMany({ where: { personId: id } });
  await tx.invitation.deleteMany({ where: { madeBy: id } });
}
