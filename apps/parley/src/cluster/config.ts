// What `npm run cluster` is told by the environment, and by the file that `npm run engines` leaves. Only here is it read.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '@parley/runtime';
import type { EngineUrls } from './plan-processes.ts';

type Env = Readonly<Record<string, string | undefined>>;

const NAMES = { kafkaBrokers: 'KAFKA_BROKERS', redisUrl: 'REDIS_URL', rabbitmqUrl: 'RABBITMQ_URL', databaseAdminUrl: 'DATABASE_ADMIN_URL' } as const;

/** Where the engines are: what the environment says, else `engines.env`. Throws ConfigError that names what is missing. */
export async function engineUrls(root: string, env: Env = process.env): Promise<EngineUrls> {
  const file = join(env.PARLEY_ENGINES || join(root, '.parley-engines'), 'engines.env');
  const kept: Env = parseEnv(await readFile(file, 'utf8').catch(() => ''));
  const urls = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, env[name] || kept[name] || '']));
  const absent = Object.entries(NAMES).filter(([key]) => urls[key] === '');
  if (absent.length > 0)
    throw new ConfigError(absent.map(([, name]) => `${name} is not set, and ${file} does not name it: \`npm run engines\` starts engines and writes it.`));
  const profile = env.KAFKA_PROFILE || kept.KAFKA_PROFILE;
  return { ...(urls as unknown as EngineUrls), kafkaProfile: profile === 'three' ? 'three' : 'one' };
}
