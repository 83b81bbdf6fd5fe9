// Jobs in a Postgres table.
import type { Clock, Rng, WorkQueue } from '@parley/ports';
import type { PgConnection } from '../connection.ts';
import type { AdapterLogger } from '../logger.ts';

export interface PostgresWorkQueueOptions {
  /** A database whose tables this makes (it may be shared with the event log). */
  readonly connection: PgConnection;
  readonly clock: Clock;
  readonly rng?: Rng;
  readonly logger?: AdapterLogger;
}

export interface PostgresWorkQueue extends WorkQueue {
  /** Stops workers after the jobs in hand and lets go of all connections. Idempotent. */
  close(): Promise<void>;
}

export async function createPostgresWorkQueue(_options: PostgresWorkQueueOptions): Promise<PostgresWorkQueue> {
  throw new Error('in the works');
}
