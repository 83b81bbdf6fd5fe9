// Everything that can be set from outside, in one table: name, meaning, default. The only file here that reads the environment.
import { readConfig } from '@parley/runtime';
import * as z from 'zod/mini';

// What a person reads who set it wrong; without it zod/mini says no more than "Invalid input".
const wholeNumber = (most: number) => {
  const said = `It must be a whole number from 0 to ${most}.`;
  return z.pipe(z.coerce.number(said), z.int(said).check(z.gte(0, said), z.lte(most, said)));
};
const RATIO = 'It must be a number from 0 to 1.';
const ratio = z.pipe(z.coerce.number(RATIO), z.number(RATIO).check(z.gte(0, RATIO), z.lte(1, RATIO)));
const oneOf = <const T extends readonly string[]>(...words: T) => z.enum(words, `It must be one of: ${words.join(', ')}.`);

const origins = z.pipe(
  z.string(),
  z.transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ),
);

const address = z.string().check(z.refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'It must be an http or https address.'));

/** name -> [schema, what it is for, default as the reader would write it]. docs/config.md is generated from it. */
export const CONFIG_FIELDS = {
  PORT: [z.prefault(wholeNumber(65_535), 8080), 'TCP port for the page, the API and the sockets. 0 takes a free one.', '8080'],
  HOST: [
    z.optional(z.string().check(z.minLength(1))),
    'Address to listen on. Without it: 127.0.0.1 until an owner exists, all addresses at later starts (the start line says which).',
    '',
  ],
  PARLEY_DATA: [z.prefault(z.string().check(z.minLength(1)), '.parley'), 'The one folder that holds everything.', '.parley'],
  PARLEY_REGISTRATION: [z.optional(oneOf('open', 'invite')), 'Who may register, until the owner chooses in the page.', 'open'],
  PARLEY_ORIGINS: [z.prefault(origins, ''), 'Other web origins that may use the API and the sockets, exact, separated by commas.', ''],
  PARLEY_LOG_LEVEL: [z.prefault(oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), 'warn'), 'What is worth a log line.', 'warn'],
  PARLEY_LOG_FORMAT: [z.prefault(oneOf('auto', 'json', 'pretty'), 'auto'), 'pretty on a terminal, JSON elsewhere.', 'auto'],
  PARLEY_DRAIN_MS: [z.prefault(wholeNumber(120_000), 5000), 'How long a stop may take to say goodbye to sockets, in ms.', '5000'],
  PUBLIC_URL: [z.optional(address), 'Where people reach Parley, for links in letters. Without it: this machine and PORT.', ''],
  VAPID_PUBLIC_KEY: [z.optional(z.string()), 'Public key of web push; without the pair one is made at the first start and kept.', ''],
  VAPID_PRIVATE_KEY: [z.optional(z.string()), 'Its private key.', ''],
  VAPID_SUBJECT: [z.prefault(z.string(), 'mailto:operator@parley.invalid'), 'Whom a push service may turn to: mailto: or https:.', ''],
  SMTP_URL: [z.optional(z.string()), 'Mail server for letters about unread messages (smtp://user:password@host:port). Without it no mail is sent.', ''],
  MAIL_FROM: [z.prefault(z.string(), 'Parley <parley@parley.invalid>'), 'Sender of letters.', ''],
  WEBHOOK_ALLOW_PRIVATE: [z.prefault(oneOf('0', '1'), '0'), 'With 1, webhooks and push services may be on private addresses.', '0'],
  OTEL_EXPORTER_OTLP_ENDPOINT: [z.optional(address), 'A collector that takes traces as OTLP over HTTP, beside the file in the data folder.', ''],
  TRACE_RATIO: [z.prefault(ratio, 0), 'Which part of all messages is followed though nobody asked, from 0 to 1.', '0'],
  NODE_ENV: [z.optional(z.string()), 'With `production`, `parley demo` is refused.', ''],
} as const;

type Fields = typeof CONFIG_FIELDS;
const shape = Object.fromEntries(Object.entries(CONFIG_FIELDS).map(([name, [schema]]) => [name, schema])) as { [K in keyof Fields]: Fields[K][0] };

export const ConfigSchema = z.object(shape);
export type Config = z.infer<typeof ConfigSchema>;

/** The password for commands that sign in, where it is given by the environment. */
export const passwordFromEnv = (): string | undefined => process.env.PARLEY_PASSWORD;

/** Is this setting given at all? */
export const isSet = (name: keyof Fields): boolean => process.env[name] !== undefined;

/** The environment of a Parley that this program starts: its own, with these settings. */
export const childEnvironment = (settings: Partial<Record<keyof Fields, string>>): Record<string, string | undefined> => ({ ...process.env, ...settings });

/** Reads the environment. Throws one error that names every mistake, before anything is started. */
export const configFromEnv = (env: Record<string, string | undefined> = process.env): Config => readConfig(ConfigSchema, env);
