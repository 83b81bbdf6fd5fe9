// The settings of a gateway, from the environment: which it needs, and what must not be. Reads nothing else.
import { BASE_SETTINGS, readSettings, type SettingName } from '@parley/runtime';

export const SETTING_NAMES = [
  ...BASE_SETTINGS,
  'DRAIN_MS',
  'GATEWAY_NAME',
  'GATEWAY_WORKERS',
  'ADMIN_HOST',
  'ADMIN_PORT',
  'ORIGINS',
  'PUBLIC_URL',
  'KAFKA_BROKERS',
  'KAFKA_CLIENT',
  'KAFKA_TOPIC_PREFIX',
  'REDIS_URL',
  'REDIS_KEY_PREFIX',
  'ACCOUNTS_URL',
  'MESSAGES_URL',
] as const satisfies readonly SettingName[];

type Env = Readonly<Record<string, string | undefined>>;

/** After the last goodbye: appends in flight are answered (5 s at most), last bytes go out, engines are let go of. */
const DRAIN_MARGIN_MS = 10_000;

/** A drain that is cut off ends all its sockets at once, which is what a drain is there to prevent. */
function graceProblem({ DRAIN_MS, GRACE_MS }: Env): string[] {
  const [drain, grace] = [Number(DRAIN_MS || 10_000), Number(GRACE_MS || 25_000)];
  return grace < drain + DRAIN_MARGIN_MS
    ? [`GRACE_MS: it must be at least DRAIN_MS and ${DRAIN_MARGIN_MS} ms more, ${drain + DRAIN_MARGIN_MS}: else a stop cuts the drain short.`]
    : [];
}

/** Throws ConfigError with every mistake. */
export const configFromEnv = (env: Env = process.env) => readSettings(SETTING_NAMES, env, graceProblem(env));
export type GatewayEnvironment = ReturnType<typeof configFromEnv>;

/** Which of the primary's workers this is. */
export const workerSlot = (env: Env = process.env): string => env.PARLEY_WORKER ?? '1';
