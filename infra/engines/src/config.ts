// What the environment says about engines. Nothing else here reads it.
import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Where Kafka's jars are kept for all clones of this user. */
export const cacheFolder = (env: Env = process.env): string => env.PARLEY_ENGINES_CACHE || join(env.HOME || homedir(), '.cache', 'parley');

/** What every engine may know of ours: nothing but where programs are. */
export const baseEnv = (env: Env = process.env): Record<string, string> => ({
  PATH: `${env.PATH ?? ''}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
});

/** Engines that the whole test run shares; undefined: each worker starts its own. */
export const sharedEngines = (env: Env = process.env) => ({
  redis: env.PARLEY_TEST_REDIS_URL,
  kafka: env.PARLEY_TEST_KAFKA_BROKERS,
  rabbitmq: env.PARLEY_TEST_RABBITMQ_URL,
});

/** Where `npm run engines` keeps its engines, and those that are somewhere else already. */
export const localEngines = (root: string, env: Env = process.env) => ({
  folder: env.PARLEY_ENGINES || join(root, '.parley-engines'),
  given: {
    kafka: env.KAFKA_BROKERS || undefined,
    redis: env.REDIS_URL || undefined,
    rabbitmq: env.RABBITMQ_URL || undefined,
    postgres: env.DATABASE_ADMIN_URL || undefined,
  },
});
