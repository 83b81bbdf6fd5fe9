// The settings of accounts, from the environment: which it needs, and what must not be. Reads nothing else.
import { BASE_SETTINGS, readSettings, type SettingName } from '@parley/runtime';

export const SETTING_NAMES = [
  ...BASE_SETTINGS,
  'DATABASE_URL',
  'KAFKA_BROKERS',
  'KAFKA_CLIENT',
  'KAFKA_TOPIC_PREFIX',
  'REDIS_URL',
  'REDIS_KEY_PREFIX',
  'ACCOUNTS_URL',
  'ROOMS_URL',
  'MESSAGES_URL',
  'NOTIFICATIONS_URL',
  'MEDIA_URL',
  'REGISTRATION',
  'SETUP_CODE',
  'PUBLIC_URL',
] as const satisfies readonly SettingName[];

type Env = Readonly<Record<string, string | undefined>>;

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.');

/** Whoever comes first owns the installation: where strangers may come, the first needs a code that only the operator knows. */
function setupCodeProblem({ SETUP_CODE, HOST, PUBLIC_URL }: Env): string[] {
  const hosts = [HOST || '127.0.0.1', URL.parse(PUBLIC_URL ?? '')?.hostname ?? '127.0.0.1'];
  return SETUP_CODE || hosts.every(isLoopback)
    ? []
    : ['SETUP_CODE is not set: where others than this machine can come, the first account must enter a code. It may stay set afterwards.'];
}

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Env = process.env) => readSettings(SETTING_NAMES, env, setupCodeProblem(env));
