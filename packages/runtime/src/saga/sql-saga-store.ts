// Sagas as rows of a table `saga` in the leading service's own database (the same columns wherever it is).
// Must never hand one saga to two runners at once: the rows are locked while their lease is written.
import type { Saga, SagaState, SagaStore } from './saga.ts';

/** What a store needs of a database client: parameters are $1, $2, ... */
export type RunSql = (sql: string, ...values: unknown[]) => Promise<unknown>;

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly step: string;
  readonly data: Record<string, unknown>;
  readonly attempts: number;
  readonly due_at: bigint;
  readonly deadline_at: bigint;
  readonly created_at: bigint;
  readonly reason: string | null;
  readonly version: number;
}

const COLUMNS = 'id, kind, state, step, data, attempts, due_at, deadline_at, created_at, reason, version';

/** A table that `SagaTable` of the migrations describes, through a service's own client. */
export function createSqlSagaStore(sql: RunSql): SagaStore {
  const rows = async (statement: string, ...values: unknown[]): Promise<Saga[]> => ((await sql(statement, ...values)) as Row[]).map(toSaga);
  return {
    take: (now, leaseMs, limit) =>
      rows(
        `UPDATE saga SET due_at = $1::bigint + $2::bigint WHERE id IN (
           SELECT id FROM saga WHERE state IN ('running', 'undoing') AND due_at <= $1::bigint ORDER BY due_at LIMIT $3::int FOR UPDATE SKIP LOCKED)
         RETURNING ${COLUMNS}`,
        now,
        leaseMs,
        limit,
      ),
    async save(saga) {
      const saved = await rows(
        `UPDATE saga SET state = $2, step = $3, data = $4::jsonb, attempts = $5::int, due_at = $6::bigint, reason = $7, version = version + 1
          WHERE id = $1::uuid AND version = $8::int RETURNING ${COLUMNS}`,
        saga.id,
        saga.state,
        saga.step,
        JSON.stringify(saga.data),
        saga.attempts,
        saga.dueAt,
        saga.reason,
        saga.version,
      );
      return saved.length === 1;
    },
    list: ({ open, limit }) =>
      rows(`SELECT ${COLUMNS} FROM saga WHERE NOT $1::boolean OR state IN ('running', 'undoing') ORDER BY created_at DESC, id LIMIT $2::int`, open, limit),
    async hurry(now) {
      return (await rows(`UPDATE saga SET due_at = $1::bigint WHERE state IN ('running', 'undoing') AND due_at > $1::bigint RETURNING ${COLUMNS}`, now)).length;
    },
  };
}

/** Adds one, inside the transaction that makes it necessary. The same id again changes nothing. */
export async function insertSaga(sql: RunSql, saga: Pick<Saga, 'id' | 'kind' | 'step' | 'data' | 'dueAt' | 'deadlineAt' | 'createdAt'>): Promise<void> {
  await sql(
    `INSERT INTO saga (id, kind, state, step, data, due_at, deadline_at, created_at)
     VALUES ($1::uuid, $2, 'running', $3, $4::jsonb, $5::bigint, $6::bigint, $7::bigint) ON CONFLICT (id) DO NOTHING RETURNING id`,
    saga.id,
    saga.kind,
    saga.step,
    JSON.stringify(saga.data),
    saga.dueAt,
    saga.deadlineAt,
    saga.createdAt,
  );
}

const toSaga = (row: Row): Saga => ({
  id: row.id,
  kind: row.kind,
  state: row.state as SagaState,
  step: row.step,
  data: row.data,
  attempts: row.attempts,
  dueAt: Number(row.due_at),
  deadlineAt: Number(row.deadline_at),
  createdAt: Number(row.created_at),
  reason: row.reason,
  version: row.version,
});
