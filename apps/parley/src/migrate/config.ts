// What `parley migrate` is told by the environment. Only here is it read.
import { readConfig } from '@parley/runtime';
import * as z from 'zod/mini';
import { databaseServices } from './service-databases.ts';

const password = z.optional(z.string().check(z.regex(/^[\x21-\x7e]{12,}$/, 'It must have 12 or more printable ASCII characters, without blanks.')));
const passwordName = (service: string): string => `${service.toUpperCase()}_DB_PASSWORD`;

const Environment = z.object({
  DATABASE_ADMIN_URL: z.string('It must be set: a Postgres address whose user may make databases and roles, such as postgres://postgres:…@db:5432/postgres.'),
  KAFKA_BROKERS: z.optional(z.string()),
  KAFKA_PROFILE: z.prefault(z.enum(['one', 'three'], 'It must be one of: one, three.'), 'one'),
  ...Object.fromEntries(databaseServices.map((service) => [passwordName(service), password])),
});

export interface MigrateConfig {
  readonly adminUrl: string;
  readonly kafka: { readonly brokers: string; readonly profile: 'one' | 'three' } | null;
  /** By service; those not given are made, once. */
  readonly passwords: Readonly<Record<string, string | undefined>>;
}

/** Throws one error that names every mistake. */
export function migrateConfigFromEnv(env: Record<string, string | undefined> = process.env): MigrateConfig {
  const config: Record<string, string | undefined> & z.infer<typeof Environment> = readConfig(Environment, env);
  return {
    adminUrl: config.DATABASE_ADMIN_URL,
    kafka: config.KAFKA_BROKERS === undefined ? null : { brokers: config.KAFKA_BROKERS, profile: config.KAFKA_PROFILE },
    passwords: Object.fromEntries(databaseServices.map((service) => [service, config[passwordName(service)]])),
  };
}
