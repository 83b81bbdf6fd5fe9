// The installation's work queue for a short visit: RabbitMQ's, or the one in the data folder. Takes no jobs and does none.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock, systemRng as rng, type WorkQueue } from '@parley/ports';
import type { JobsConfig } from './config.ts';

const CONNECT_MS = 4_000;
const LOOK_MS = 20;

export async function visitQueue<T>({ rabbitmq, dataDir }: JobsConfig, visit: (queue: WorkQueue) => Promise<T>): Promise<T> {
  if (rabbitmq !== null) return visitRabbit(rabbitmq, visit);
  if (!existsSync(join(dataDir, 'pg'))) throw new Error(`There is no Parley in ${dataDir}: set PARLEY_DATA to its folder, or RABBITMQ_URL.`);
  const { createPostgresWorkQueue, visitEmbeddedPostgres } = await import('@parley/postgres');
  return visitEmbeddedPostgres(dataDir, async (connection) => {
    const queue = await createPostgresWorkQueue({ connection: connection('parley_log'), clock, rng });
    return visit(queue).finally(() => queue.close());
  });
}

async function visitRabbit<T>(where: NonNullable<JobsConfig['rabbitmq']>, visit: (queue: WorkQueue) => Promise<T>): Promise<T> {
  const { createRabbitWorkQueue } = await import('@parley/rabbitmq');
  const queue = createRabbitWorkQueue({ ...where, clock, rng });
  try {
    const endsAt = clock.monotonic() + CONNECT_MS;
    while (queue.problems().length > 0 && clock.monotonic() < endsAt) await clock.sleep(LOOK_MS);
    const [problem] = queue.problems();
    if (problem !== undefined) throw new Error(`${problem}. Check RABBITMQ_URL, and whether it runs.`);
    return await visit(queue);
  } finally {
    await queue.close();
  }
}
