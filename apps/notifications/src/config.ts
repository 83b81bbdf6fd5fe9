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
] as const satisfies readonly SettingName[];

type Env = Readonly<Record<string, string | undefined>>;

function problems(env: Env): string[] {
  const { PUBLIC_URL, VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY, SMTP_URL, MAIL_FROM, NODE_ENV, VAPID_SUBJECT } = env;
  const found: string[] = [];
  if (!PUBLIC_URL) found.push('PUBLIC_URL is not set: letters and pushes need the address that people open.');
  if (!VAPID_PUBLIC_KEY !== !VAPID_PRIVATE_KEY) found.push('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY: set both, or none for a pair that is made and kept.');
  if (SMTP_URL && !MAIL_FROM) found.push('MAIL_FROM is not set: letters (SMTP_URL) need a sender.');
  if (NODE_ENV === 'production' && !VAPID_SUBJECT) found.push('VAPID_SUBJECT is not set: push services must know whom to turn to.');
  return found;
}

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Env = process.env) => readSettings(SETTING_NAMES, env, problems(env));

/** The key pair of web push; null: one is made at the first start and kept. */
export const vapidOf = ({ VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey }: ReturnType<typeof configFromEnv>) =>
  publicKey === undefined || privateKey === undefined ? null : { publicKey, privateKey };
