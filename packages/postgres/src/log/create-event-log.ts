// The durable log in a Postgres table.
import type { Clock, EventLog, Rng } from '@parley/ports';
import type { PgConnection } from '../connection.ts';
import type { AdapterLogger } from '../logger.ts';

export interface TopicOptions {
  /** Fixed when the topic is made. */
  readonly partitions: number;
  /** Records older than this may be removed. */
  readonly retentionMs: number;
}

export interface PostgresEventLogOptions {
  /** A database of the log's own (it may be shared with the work queue); its tables are made at the first start. */
  readonly connection: PgConnection;
  readonly topics: Readonly<Record<string, TopicOptions>>;
  readonly clock: Clock;
  readonly rng?: Rng;
  readonly logger?: AdapterLogger;
}

export interface PostgresEventLog extends EventLog {
  /** Stops consumers, fails what is queued, lets go of all connections. Idempotent. */
  close(): Promise<void>;
}

export async function createPostgresEventLog(_options: PostgresEventLogOptions): Promise<PostgresEventLog> {
  throw new Error('in the works');
}
