// The settings of the edge, from the environment: which it needs, and what must not be. Reads nothing else.
import { BASE_SETTINGS, readSettings, type SettingName } from '@parley/runtime';

export const SETTING_NAMES = [
  ...BASE_SETTINGS,
  'ACCOUNTS_URL',
  'ROOMS_URL',
  'MESSAGES_URL',
  'NOTIFICATIONS_URL',
  'MEDIA_URL',
  'GATEWAY_URLS',
  'GATEWAY_CHECK_URLS',
  'REDIS_URL',
  'REDIS_KEY_PREFIX',
  'ORIGINS',
  'TRUSTED_PROXIES',
  'MEDIA_MAX_BYTES',
  'WEB_ROOT',
] as const satisfies readonly SettingName[];

type Env = Readonly<Record<string, string | undefined>>;

/** One for each gateway, or none. */
function checkUrlsProblem({ GATEWAY_URLS, GATEWAY_CHECK_URLS }: Env): string[] {
  const count = (text: string | undefined): number => (text ?? '').split(',').filter((part) => part.trim() !== '').length;
  return GATEWAY_CHECK_URLS && count(GATEWAY_CHECK_URLS) !== count(GATEWAY_URLS) ? ['GATEWAY_CHECK_URLS: it must name as many addresses as GATEWAY_URLS.'] : [];
}

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Env = process.env) => readSettings(SETTING_NAMES, env, checkUrlsProblem(env));
