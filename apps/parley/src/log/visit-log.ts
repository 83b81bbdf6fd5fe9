// The installation's log for a short visit: Kafka's, or the one in the data folder, running or not.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock, type EventLog, systemRng as rng } from '@parley/ports';
import { LOG_TOPICS } from '../log-topics.ts';
import type { LogConfig } from './config.ts';

export async function visitLog<T>({ brokers, topicPrefix, dataDir }: LogConfig, visit: (log: EventLog) => Promise<T>): Promise<T> {
  if (brokers !== null) {
    const { createKafkaEventLog } = await import('@parley/kafka');
    const log = createKafkaEventLog({ brokers, clientId: 'parley-cli', topicPrefix, clock, rng });
    return visit(log).finally(() => log.close());
  }
  if (!existsSync(join(dataDir, 'pg'))) throw new Error(`There is no Parley in ${dataDir}: set PARLEY_DATA to its folder, or name Kafka with --brokers.`);
  const { createPostgresEventLog, visitEmbeddedPostgres } = await import('@parley/postgres');
  return visitEmbeddedPostgres(dataDir, async (connection) => {
    const log = await createPostgresEventLog({ connection: connection('parley_log'), topics: LOG_TOPICS, clock, rng });
    return visit(log).finally(() => log.close());
  });
}
