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
  'REDIS_URL',
  'REDIS_KEY_PREFIX',
  'ORIGINS',
  'TRUSTED_PROXIES',
  'MEDIA_MAX_BYTES',
  'WEB_ROOT',
] as const satisfies readonly SettingName[];

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Readonly<Record<string, string | undefined>> = process.env) => readSettings(SETTING_NAMES, env);
