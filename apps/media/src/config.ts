// The settings of media, from the environment: which it needs, and what must not be. Reads nothing else.
import { BASE_SETTINGS, readSettings, type SettingName } from '@parley/runtime';
import type { S3Config } from './index.ts';

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
  'RABBITMQ_URL',
  'RABBITMQ_PREFIX',
  'MEDIA_DIR',
  'MEDIA_MAX_BYTES',
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_REGION',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
] as const satisfies readonly SettingName[];

type Env = Readonly<Record<string, string | undefined>>;

function storageProblems(env: Env): string[] {
  if (!env.S3_BUCKET) return env.MEDIA_DIR ? [] : ['MEDIA_DIR is not set: files need a folder, or a bucket (S3_BUCKET).'];
  return (['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const).flatMap((name) => (env[name] ? [] : [`${name} is not set: S3_BUCKET needs it.`]));
}

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Env = process.env) => readSettings(SETTING_NAMES, env, storageProblems(env));
export type MediaEnvironment = ReturnType<typeof configFromEnv>;

/** The bucket; undefined: files go to MEDIA_DIR. */
export const s3Of = (config: MediaEnvironment): S3Config | undefined =>
  config.S3_BUCKET === undefined
    ? undefined
    : {
        ...(config.S3_ENDPOINT === undefined ? {} : { endpoint: config.S3_ENDPOINT }),
        bucket: config.S3_BUCKET,
        region: config.S3_REGION,
        accessKeyId: config.S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? '',
      };
