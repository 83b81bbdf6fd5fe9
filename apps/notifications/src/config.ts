// The settings of notifications, from the environment: which it needs, and what must not be. Reads nothing else.
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
  'RABBITMQ_URL',
  'RABBITMQ_PREFIX',
  'PUBLIC_URL',
  'VAPID_PUBLIC_KEY',
  'VAPID_PRIVATE_KEY',
  'VAPID_SUBJECT',
  'SMTP_URL',
  'MAIL_FROM',
  'WEBHOOK_ALLOW_PRIVATE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
] as const satisfies readonly SettingName[];

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Readonly<Record<string, string | undefined>> = process.env) => readSettings(SETTING_NAMES, env);
