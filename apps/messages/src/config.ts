// The settings of messages, from the environment: which it needs, and what must not be. Reads nothing else.
import { BASE_SETTINGS, readSettings, type SettingName } from '@parley/runtime';

export const SETTING_NAMES = [
  ...BASE_SETTINGS,
  'DATABASE_URL',
  'KAFKA_BROKERS',
  'KAFKA_CLIENT',
  'KAFKA_TOPIC_PREFIX',
  'ACCOUNTS_URL',
  'ROOMS_URL',
  'MESSAGES_URL',
  'NOTIFICATIONS_URL',
  'MEDIA_URL',
  'REDIS_URL',
  'REDIS_KEY_PREFIX',
  'CRASH_AT',
] as const satisfies readonly SettingName[];

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Readonly<Record<string, string | undefined>> = process.env) => readSettings(SETTING_NAMES, env);
