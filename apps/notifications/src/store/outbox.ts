// Jobs on their way to the work queue. A row leaves only after the queue has it: what dies between leaves it to the next relay, and the
// same job twice does nothing twice.
import type { Job } from '@parley/ports';
import { type Database, orUnavailable } from './store-database.ts';

export interface Outbox {
  /** Up to `limit` due jobs, in this relay's hand until `untilMs`. */
  claim(nowMs: number, untilMs: number, limit: number): Promise<readonly (Job & { readonly row: bigint })[]>;
  /** The queue has them. */
  drop(rows: readonly bigint[]): Promise<void>;
  /** The queue may not have them: they are due at once again. */
  giveBack(rows: readonly bigint[]): Promise<void>;
  /** How many jobs are due and not in the queue. */
  waiting(nowMs: number): Promise<number>;
  /** When the next job is due or comes out of a dead relay's hand; null: there is none. */
  nextDueMs(): Promise<number | null>;
}

interface Row {
  readonly id: bigint;
  readonly queue: string;
  readonly job_id: string;
  readonly payload: unknown;
}

export function createOutbox(db: Database): Outbox {
  return {
    claim: (nowMs, untilMs, limit) =>
      orUnavailable(async () => {
        const rows = await db.$queryRaw<Row[]>`
          UPDATE outbox SET claimed_ms = ${untilMs} WHERE id IN (
            SELECT id FROM outbox WHERE due_ms <= ${nowMs} AND claimed_ms <= ${nowMs} ORDER BY due_ms, id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
          RETURNING id, queue, job_id, payload`;
        return rows.toSorted((a, b) => Number(a.id - b.id)).map(({ id, queue, job_id, payload }) => ({ row: id, queue, id: job_id, payload }));
      }),
    drop: (rows) =>
      orUnavailable(async () => {
        await db.outbox.deleteMany({ where: { id: { in: [...rows] } } });
      }),
    giveBack: (rows) =>
      orUnavailable(async () => {
        await db.outbox.updateMany({ where: { id: { in: [...rows] } }, data: { claimedMs: 0 } });
      }),
    waiting: (nowMs) => orUnavailable(() => db.outbox.count({ where: { dueMs: { lte: BigInt(nowMs) } } })),
    nextDueMs: () =>
      orUnavailable(async () => {
        const [row] = await db.$queryRaw<{ next: bigint | null }[]>`SELECT min(greatest(due_ms, claimed_ms)) AS next FROM outbox`;
        return row?.next == null ? null : Number(row.next);
      }),
  };
}
