// Where `parley jobs` finds its queue. Only here is the environment read for it.
import { resolve } from 'node:path';
import { readConfig } from '@parley/runtime';
import * as z from 'zod/mini';

const Environment = z.object({
  RABBITMQ_URL: z.optional(z.string()),
  RABBITMQ_PREFIX: z.prefault(z.string(), 'parley.'),
  PARLEY_DATA: z.prefault(z.string(), '.parley'),
});

export interface JobsConfig {
  /** null: the queue is in the data folder. */
  readonly rabbitmq: { readonly url: string; readonly prefix: string } | null;
  readonly dataDir: string;
}

export function jobsConfigFromEnv(env: Record<string, string | undefined> = process.env): JobsConfig {
  const { RABBITMQ_URL: url, RABBITMQ_PREFIX: prefix, PARLEY_DATA } = readConfig(Environment, env);
  return { rabbitmq: url === undefined ? null : { url, prefix }, dataDir: resolve(PARLEY_DATA) };
}
