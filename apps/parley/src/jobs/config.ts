// Where `parley jobs` finds its queue. Only here is the environment read for it.
import { resolve } from 'node:path';
import { readConfig } from '@parley/runtime';
import * as z from 'zod/mini';

const Environment = z.object({ RABBITMQ_URL: z.optional(z.string()), PARLEY_DATA: z.prefault(z.string(), '.parley') });

export interface JobsConfig {
  /** null: the queue is in the data folder. */
  readonly rabbitmqUrl: string | null;
  readonly dataDir: string;
}

export function jobsConfigFromEnv(env: Record<string, string | undefined> = process.env): JobsConfig {
  const { RABBITMQ_URL, PARLEY_DATA } = readConfig(Environment, env);
  return { rabbitmqUrl: RABBITMQ_URL ?? null, dataDir: resolve(PARLEY_DATA) };
}
