// Every setting of every service's process, in one table: name, schema, meaning, default. Reads no environment itself: each config.ts passes it in.
import * as z from 'zod/mini';
import type { output } from 'zod/v4/core';
import type { PgConnection } from '../connection.ts';
import { DEVELOPMENT_INTERNAL_KEY, developmentProblems } from './development-values.ts';
import { ConfigError, readConfig } from './read-config.ts';

const whole = (least: number, most: number) => {
  const said = `It must be a whole number from ${least} to ${most}.`;
  return z.pipe(z.coerce.number(said), z.int(said).check(z.gte(least, said), z.lte(most, said)));
};
const RATIO = 'It must be a number from 0 to 1.';
const ratio = z.pipe(z.coerce.number(RATIO), z.number(RATIO).check(z.gte(0, RATIO), z.lte(1, RATIO)));
const oneOf = <const T extends readonly string[]>(...words: T) => z.enum(words, `It must be one of: ${words.join(', ')}.`);
const parts = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
const isHttp = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');
const said = (what: string) => z.string(what).check(z.minLength(1, what));

const URLS = 'It must be http addresses, separated by commas, such as http://127.0.0.1:8081.';
const list = z.pipe(z.string(), z.transform(parts));
const urlList = z.pipe(
  z.string(URLS).check(z.refine((text) => parts(text).length > 0 && parts(text).every(isHttp), URLS)),
  z.transform((text) => parts(text).map((url) => url.replace(/\/+$/, ''))),
);
const httpUrl = z.string().check(z.refine(isHttp, 'It must be one http address.'));
const urlOf = (...schemes: string[]) => {
  const words = `It must be an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}.`;
  return z.string(words).check(z.refine((text) => schemes.includes(URL.parse(text)?.protocol ?? ''), words));
};

const DATABASE = 'It must be an address such as postgres://user:password@host:5432/database (or ?host=/folder for a unix socket).';

/** `postgres://user:password@host:port/database`; `?host=/folder` names a unix socket's folder. Null: it is not one. */
export function parseDatabaseUrl(text: string): PgConnection | null {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) return null;
  const host = url.searchParams.get('host') ?? url.hostname;
  try {
    const database = decodeURIComponent(url.pathname.slice(1));
    const password = decodeURIComponent(url.password);
    if (host === '' || database === '' || url.username === '') return null;
    return { host, port: Number(url.port || 5432), user: decodeURIComponent(url.username), database, ...(password === '' ? {} : { password }) };
  } catch {
    return null;
  }
}
const databaseUrl = z.pipe(
  z.string(DATABASE).check(z.refine((text) => parseDatabaseUrl(text) !== null, DATABASE)),
  z.transform((text): PgConnection => parseDatabaseUrl(text) as PgConnection),
);
const KEY = 'It must have at least 32 characters that nobody can guess: openssl rand -base64 48.';

/** name -> [schema, what it is for, default as the reader would write it]. A required setting has no default. */
export const SETTINGS = {
  NODE_ENV: [z.prefault(z.string(), 'development'), 'With `production`, secrets meant for development are refused.', 'development'],
  LOG_LEVEL: [z.prefault(oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), 'info'), 'What is worth a log line.', 'info'],
  LOG_FORMAT: [z.prefault(oneOf('json', 'pretty'), 'json'), 'Lines for machines or for people.', 'json'],
  HOST: [z.prefault(said('It must be an address.'), '127.0.0.1'), 'Address to listen on.', '127.0.0.1'],
  PORT: [z.prefault(whole(0, 65_535), 0), 'TCP port to listen on. 0 takes a free one; the line that says `listening` names it.', '0'],
  INTERNAL_KEY: [
    z.prefault(z.string(KEY).check(z.minLength(32, KEY)), DEVELOPMENT_INTERNAL_KEY),
    'Signs the calls between services: the same for all of them. Production has no default.',
    '',
  ],
  DRAIN_MS: [z.prefault(whole(0, 600_000), 10_000), 'How long a gateway takes to send its sockets elsewhere, in ms.', '10000'],
  GRACE_MS: [z.prefault(whole(100, 600_000), 25_000), 'After a stop signal the process ends within this time, in ms.', '25000'],
  DATABASE_URL: [databaseUrl, "This service's own database.", ''],
  DATABASE_ADMIN_URL: [databaseUrl, 'For `parley migrate` only: may make databases and roles.', ''],
  KAFKA_BROKERS: [said('It must be host:port, separated by commas.'), 'Kafka brokers, host:port, separated by commas.', ''],
  KAFKA_CLIENT: [z.prefault(oneOf('platformatic', 'kafkajs'), 'platformatic'), 'Which Kafka client.', 'platformatic'],
  KAFKA_PROFILE: [z.prefault(oneOf('one', 'three'), 'one'), 'How many brokers the topics are made for.', 'one'],
  KAFKA_TOPIC_PREFIX: [z.prefault(z.string(), ''), 'Before the name of every topic and group, where installations share a Kafka.', ''],
  REDIS_URL: [urlOf('redis:', 'rediss:'), 'Redis.', ''],
  REDIS_KEY_PREFIX: [z.prefault(z.string(), 'parley:'), 'Before every key and channel, where installations share a Redis.', 'parley:'],
  RABBITMQ_URL: [urlOf('amqp:', 'amqps:'), 'RabbitMQ.', ''],
  RABBITMQ_PREFIX: [z.prefault(z.string(), 'parley.'), 'Before the name of every queue, where installations share a RabbitMQ.', 'parley.'],
  ACCOUNTS_URL: [urlList, 'Where accounts listens; several are taken in turn.', ''],
  ROOMS_URL: [urlList, 'Where rooms listens.', ''],
  MESSAGES_URL: [urlList, 'Where messages listens.', ''],
  NOTIFICATIONS_URL: [urlList, 'Where notifications listens.', ''],
  MEDIA_URL: [urlList, 'Where media listens.', ''],
  GATEWAY_URLS: [urlList, 'The gateways, as browsers reach them.', ''],
  GATEWAY_CHECK_URLS: [z.optional(urlList), 'Where the edge itself asks each of GATEWAY_URLS, in the same order, how it is. Default: there.', ''],
  GATEWAY_WORKERS: [z.prefault(whole(0, 256), 0), 'Processes of one gateway. 0: one for each core.', '0'],
  GATEWAY_NAME: [z.optional(z.string()), 'Name of this gateway in `hello` and in logs. Without it a made one.', ''],
  ADMIN_HOST: [z.prefault(said('It must be an address.'), '127.0.0.1'), "Address of a gateway's own health, status and metrics.", '127.0.0.1'],
  ADMIN_PORT: [z.prefault(whole(0, 65_535), 0), "TCP port of a gateway's own health, status and metrics. 0 takes a free one.", '0'],
  ORIGINS: [z.prefault(list, ''), 'Other web origins that may use the API and the sockets, exact, separated by commas.', ''],
  PUBLIC_URL: [z.optional(httpUrl), 'The address that people open, for links in mails and as the origin of the page.', ''],
  TRUSTED_PROXIES: [
    z.prefault(list, ''),
    'Addresses or networks of the proxies before the edge whose X-Forwarded-For is believed, separated by commas. None: nobody is.',
    '',
  ],
  METRICS_TOKEN: [
    z.optional(z.string().check(z.minLength(16, 'It must have at least 16 characters.'))),
    'Bearer token that lets another machine read /metrics of the edge and the gateways. Without it: this machine only.',
    '',
  ],
  REGISTRATION: [z.prefault(oneOf('open', 'invite'), 'open'), 'Who may register, until the owner chooses in the page.', 'open'],
  SETUP_CODE: [z.optional(z.string().check(z.minLength(8, 'It must have at least 8 characters.'))), 'What the first account must enter.', ''],
  WEB_ROOT: [z.optional(z.string()), 'Folder of the built web client that the edge serves.', ''],
  CRASH_AT: [
    z.optional(said('It must be a file.')),
    'For tests of faults: a file that may hold a point in the work where this process then dies as by kill -9. Production refuses it.',
    '',
  ],
  OTEL_EXPORTER_OTLP_ENDPOINT: [z.optional(httpUrl), 'A collector that takes traces as OTLP over HTTP. Without it they go to no collector.', ''],
  TRACE_FILE: [z.optional(said('It must be a file.')), 'A file that traces go to, as lines of OTLP JSON, 32 MB at most. Without it: none.', ''],
  TRACE_RATIO: [z.prefault(ratio, 0.01), 'Which part of all messages is followed though nobody asked, from 0 to 1, where traces go anywhere.', '0.01'],
  VAPID_PUBLIC_KEY: [z.optional(z.string()), 'Web push: the public key.', ''],
  VAPID_PRIVATE_KEY: [z.optional(z.string()), 'Web push: the private key.', ''],
  VAPID_SUBJECT: [z.optional(z.string()), 'Web push: mailto: or https: address of who runs this.', ''],
  SMTP_URL: [z.optional(urlOf('smtp:', 'smtps:')), 'Mail server. Without it no mail is sent.', ''],
  MAIL_FROM: [z.optional(z.string()), 'Sender of mails.', ''],
  WEBHOOK_ALLOW_PRIVATE: [z.prefault(z.stringbool(), 'false'), 'May webhooks reach private addresses?', 'false'],
  MEDIA_DIR: [z.optional(z.string()), 'Folder for files. Needed without S3.', ''],
  S3_ENDPOINT: [z.optional(httpUrl), 'S3: address, where it is not AWS.', ''],
  S3_BUCKET: [z.optional(z.string()), 'S3: bucket. With it, files go to S3 instead of MEDIA_DIR.', ''],
  S3_REGION: [z.prefault(z.string(), 'us-east-1'), 'S3: region.', 'us-east-1'],
  S3_ACCESS_KEY_ID: [z.optional(z.string()), 'S3: key id.', ''],
  S3_SECRET_ACCESS_KEY: [z.optional(z.string()), 'S3: secret key.', ''],
  MEDIA_MAX_BYTES: [z.prefault(whole(1, 10_737_418_240), 26_214_400), 'Largest file, in bytes.', '26214400'],
} as const;

type Table = typeof SETTINGS;
export type SettingName = keyof Table;
export type Settings<N extends SettingName> = { readonly [K in N]: output<Table[K][0]> };

/** What every process needs. */
export const BASE_SETTINGS = [
  'NODE_ENV',
  'LOG_LEVEL',
  'LOG_FORMAT',
  'HOST',
  'PORT',
  'INTERNAL_KEY',
  'GRACE_MS',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'TRACE_FILE',
  'TRACE_RATIO',
] as const;

/**
 * The settings named, from `env`: `readSettings([...BASE_SETTINGS, 'DATABASE_URL'], process.env)`.
 * Throws ConfigError with every mistake at once, those of production included, and `more` that the caller found. Values are never repeated.
 */
export function readSettings<const N extends readonly SettingName[]>(
  names: N,
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Settings<N[number]> {
  const problems = [...refusals(names, env), ...more];
  try {
    const values = readConfig(z.object(Object.fromEntries(names.map((name) => [name, SETTINGS[name][0]]))), env);
    if (problems.length === 0) return values as Settings<N[number]>;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.unshift(...error.problems);
  }
  throw new ConfigError(problems);
}

function refusals(names: readonly SettingName[], env: Readonly<Record<string, string | undefined>>): string[] {
  const noKey = env.NODE_ENV === 'production' && names.includes('INTERNAL_KEY') && !env.INTERNAL_KEY;
  const crashes = env.NODE_ENV === 'production' && names.includes('CRASH_AT') && (env.CRASH_AT ?? '') !== '';
  return [
    ...(crashes ? ['CRASH_AT is for tests of faults only: NODE_ENV=production does not start with it.'] : []),
    ...(noKey ? [`INTERNAL_KEY is not set: ${KEY}`] : []),
    ...developmentProblems(env, names),
  ];
}
