// Jobs in a Postgres table: taken with SKIP LOCKED, theirs again when the time is over, parked after the last try. Never looks into a payload.
import { type Clock, type Job, type JobAttempt, type JobSource, type ParkedJob, type Rng, runJobs, type Timer, type WorkQueue } from '@parley/ports';
import pg from 'pg';
import type { PgConnection } from '../connection.ts';
import { endPool } from '../end-pool.ts';
import type { AdapterLogger } from '../logger.ts';
import { migrate } from '../migrate.ts';
import { logMigrationsFolder } from '../migrations-folder.ts';

export interface PostgresWorkQueueOptions {
  /** A database whose tables this makes (it may be shared with the event log). */
  readonly connection: PgConnection;
  readonly clock: Clock;
  readonly rng?: Rng;
  readonly logger?: AdapterLogger;
}

export interface PostgresWorkQueue extends WorkQueue {
  /** Jobs that wait, and that were given up, by queue. */
  depths(queues: readonly string[]): Promise<readonly { readonly queue: string; readonly waiting: number; readonly parked: number }[]>;
  /** Stops workers after the jobs in hand and lets go of all connections. Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS = 3;
const ANSWER_MS = 10_000;
/** How late a worker may see a job that another process enqueued; within this process it is told. */
const POLL_MS = 1_000;

const ENQUEUE = `INSERT INTO work_job (queue, id, payload, visible_ms)
  SELECT q, i, p, $4 FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS input (q, i, p, nr) ORDER BY nr ON CONFLICT DO NOTHING`;
const PARK_EXHAUSTED = `UPDATE work_job SET parked_reason = 'not finished in time'
  WHERE queue = $1 AND parked_reason IS NULL AND visible_ms <= $2 AND attempt >= $3`;
const CLAIM = `UPDATE work_job SET attempt = attempt + 1, visible_ms = $2 + $3 WHERE (queue, id) IN (
    SELECT queue, id FROM work_job WHERE queue = $1 AND parked_reason IS NULL AND visible_ms <= $2 AND attempt < $4
    ORDER BY visible_ms, nr LIMIT $5 FOR UPDATE SKIP LOCKED)
  RETURNING id, payload, attempt, nr`;
const NEXT = 'SELECT min(visible_ms) AS next FROM work_job WHERE queue = $1 AND parked_reason IS NULL';
/** Only the current attempt may act: an earlier one's time was over. */
const CURRENT = 'WHERE queue = $1 AND id = $2 AND attempt = $3 AND parked_reason IS NULL';
const PARKED = 'SELECT id, payload, attempt, parked_reason FROM work_job WHERE queue = $1 AND parked_reason IS NOT NULL ORDER BY nr LIMIT $2';
const DEPTHS = `SELECT q AS queue, count(id) FILTER (WHERE parked_reason IS NULL)::int AS waiting, count(id) FILTER (WHERE parked_reason IS NOT NULL)::int AS parked
  FROM unnest($1::text[]) AS q LEFT JOIN work_job ON queue = q GROUP BY q`;
const RETRY = 'UPDATE work_job SET attempt = 0, parked_reason = NULL, visible_ms = $3 WHERE queue = $1 AND id = ANY ($2) AND parked_reason IS NOT NULL';

interface Row {
  readonly id: string;
  readonly payload: string;
  readonly attempt: number;
  readonly nr: string;
  readonly parked_reason: string;
}

/** The database must exist (`ensureDatabase`). */
export async function createPostgresWorkQueue({ connection, clock, logger }: PostgresWorkQueueOptions): Promise<PostgresWorkQueue> {
  await migrate(connection, logMigrationsFolder);
  const pool = new pg.Pool({ ...connection, max: CONNECTIONS, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS, allowExitOnIdle: true });
  pool.on('error', (error) => logger?.debug({ err: error.message }, 'idle queue connection lost'));
  const wakers = new Set<() => void>();
  const stops = new Set<() => Promise<void>>();
  const wakeAll = (): void => {
    for (const wake of [...wakers]) wake();
  };
  const onWake = (wake: () => void): Timer => {
    wakers.add(wake);
    return { cancel: () => wakers.delete(wake) };
  };

  return {
    enqueue: async (jobs) => {
      if (jobs.length === 0) return;
      await pool.query(ENQUEUE, [...columns(jobs), Math.trunc(clock.now())]);
      wakeAll();
    },
    work: async (queue, handle, options = {}) => {
      const working = await runJobs(sourceOf(pool, queue, clock, onWake), handle, options, clock);
      const stop = async (): Promise<void> => {
        await working.stop();
        stops.delete(stop);
      };
      stops.add(stop);
      return { stop };
    },
    parked: async (queue, limit) => {
      const { rows } = await pool.query<Row>(PARKED, [queue, limit]);
      return rows.map((row): ParkedJob => ({ ...asAttempt(queue, row), reason: row.parked_reason }));
    },
    retry: async (queue, ids) => {
      const { rowCount } = await pool.query(RETRY, [queue, ids, Math.trunc(clock.now())]);
      wakeAll();
      return rowCount ?? 0;
    },
    depths: async (queues) => (await pool.query<{ queue: string; waiting: number; parked: number }>(DEPTHS, [queues])).rows,
    close: async () => {
      await Promise.all([...stops].map((stop) => stop()));
      await endPool(pool);
    },
  };
}

const asAttempt = (queue: string, { id, payload, attempt }: Row): JobAttempt => ({ queue, id, payload: JSON.parse(payload), attempt });

/** JSON writes undefined as nothing; a job without a payload has null. */
const columns = (jobs: readonly Job[]): string[][] => [
  jobs.map((job) => job.queue),
  jobs.map((job) => job.id),
  jobs.map((job) => JSON.stringify(job.payload ?? null)),
];

function sourceOf(pool: pg.Pool, queue: string, clock: Clock, onWake: JobSource['onWake']): JobSource {
  const now = (): number => Math.trunc(clock.now());
  const key = (job: JobAttempt): unknown[] => [queue, job.id, job.attempt];
  return {
    onWake,
    claim: async (limit, visibilityMs, tries) => {
      await pool.query(PARK_EXHAUSTED, [queue, now(), tries]);
      const { rows } = await pool.query<Row>(CLAIM, [queue, now(), Math.trunc(visibilityMs), tries, limit]);
      return rows.sort((a, b) => Number(a.nr) - Number(b.nr)).map((row) => asAttempt(queue, row));
    },
    done: async (job) => {
      await pool.query(`DELETE FROM work_job ${CURRENT}`, key(job));
    },
    again: async (job, waitMs) => {
      await pool.query(`UPDATE work_job SET visible_ms = $4 ${CURRENT}`, [...key(job), now() + Math.trunc(waitMs)]);
    },
    park: async (job, reason) => {
      await pool.query(`UPDATE work_job SET parked_reason = $4 ${CURRENT}`, [...key(job), reason.replaceAll('\0', '').slice(0, 2_000)]);
    },
    nextInMs: async () => {
      const { rows } = await pool.query<{ next: string | null }>(NEXT, [queue]);
      const next = rows[0]?.next ?? null;
      return next === null ? POLL_MS : Math.max(0, Math.min(POLL_MS, Number(next) - now()));
    },
  };
}
