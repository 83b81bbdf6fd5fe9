// Where `parley log` finds its log. Only here is the environment read for it.
import { resolve } from 'node:path';
import { readConfig } from '@parley/runtime';
import * as z from 'zod/mini';

const Environment = z.object({
  KAFKA_BROKERS: z.optional(z.string()),
  KAFKA_TOPIC_PREFIX: z.prefault(z.string(), ''),
  PARLEY_DATA: z.prefault(z.string(), '.parley'),
});

export interface LogConfig {
  /** null: the log is in the data folder. */
  readonly brokers: string | null;
  readonly topicPrefix: string;
  readonly dataDir: string;
}

export function logConfigFromEnv(env: Record<string, string | undefined> = process.env): LogConfig {
  const { KAFKA_BROKERS, KAFKA_TOPIC_PREFIX, PARLEY_DATA } = readConfig(Environment, env);
  return { brokers: KAFKA_BROKERS ?? null, topicPrefix: KAFKA_TOPIC_PREFIX, dataDir: resolve(PARLEY_DATA) };
}
