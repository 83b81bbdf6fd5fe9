// A cluster of a test file's own, on engines that other files may share. With PARLEY_TEST_MODE=cluster the journeys run on such a one
// instead of on one process; nothing else about them changes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, type ClusterOptions, startCluster } from '@parley/cli';
import { type EngineName, missing } from '@parley/engines';
import { ownPostgres, testKafka, testRabbitmq, testRedis } from '@parley/engines/testing';

const ENGINES: readonly EngineName[] = ['kafka', 'redis', 'rabbitmq', 'postgres'];

/** Why no cluster can be had here; null: it can. */
export const noCluster = (): string | null => ENGINES.map(missing).find((reason) => reason !== null) ?? null;

export const wantsCluster = (): boolean => process.env.PARLEY_TEST_MODE === 'cluster';

let count = 0;

/** `end` also removes its folder and its Postgres. */
export async function startOwnCluster(options: Partial<ClusterOptions> = {}): Promise<{ readonly cluster: Cluster; end(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-cluster-'));
  const [kafka, redis, rabbitmq, postgres] = await Promise.all([testKafka(), testRedis(), testRabbitmq(), ownPostgres()]);
  const clean = async (): Promise<void> => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const engines = { kafkaBrokers: kafka.brokers, redisUrl: redis.url, rabbitmqUrl: rabbitmq.url, databaseAdminUrl: postgres.url };
    const cluster = await startCluster({ folder, engines, prefix: `t${process.pid}x${count++}`, drainMs: 1_500, logLevel: 'warn', ...options });
    return { cluster, end: () => cluster.stop().finally(clean) };
  } catch (error) {
    await clean();
    throw error;
  }
}

/** A client's `fetch` that takes it to that gateway at its first connection, and where the edge says ever after. */
export function firstTo(gatewayUrl: string): typeof fetch {
  let first = true;
  return async (input, init) => {
    if (!first || !String(input).endsWith('/api/connect')) return fetch(input, init);
    first = false;
    return Response.json({ url: gatewayUrl });
  };
}
