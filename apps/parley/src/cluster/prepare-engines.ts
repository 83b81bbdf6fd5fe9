// What the engines must hold before the first process starts: topics, and a database with its role for each service. Safe to repeat.
import { join } from 'node:path';
import { ensureTopics } from '@parley/kafka';
import type { Rng } from '@parley/ports';
import { LOG_TOPICS } from '../log-topics.ts';
import { runMigrate } from '../migrate/run-migrate.ts';
import type { EngineUrls, ServiceWithDatabase } from './plan-processes.ts';

/** Answers where each service's database is. */
export async function prepareEngines(
  engines: EngineUrls,
  prefix: string | null,
  folder: string,
  rng: Rng,
): Promise<Readonly<Record<ServiceWithDatabase, string>>> {
  const urls: Partial<Record<string, string>> = {};
  await Promise.all([
    ensureTopics({
      brokers: engines.kafkaBrokers,
      profile: engines.kafkaProfile ?? 'one',
      topics: LOG_TOPICS,
      ...(prefix === null ? {} : { topicPrefix: `${prefix}.` }),
    }),
    runMigrate({
      adminUrl: engines.databaseAdminUrl,
      passwords: {},
      newPassword: () => rng.secret(24),
      // The roles' passwords stay there: a later start gives each service the one that its role has.
      envFolder: join(folder, 'databases'),
      ...(prefix === null ? {} : { prefix: `${prefix}_` }),
      onService: ({ service, url }) => {
        urls[service] = url;
      },
    }),
  ]);
  return urls as Record<ServiceWithDatabase, string>;
}
