// `parley migrate`: the databases, roles and topics of a cluster, as a job of its own before services of a new version start.
import { resolve } from 'node:path';
import { systemRng } from '@parley/ports';
import { LOG_TOPICS } from '../log-topics.ts';
import { type MigrateConfig, migrateConfigFromEnv } from '../migrate/config.ts';
import { connectionOf, urlOf } from '../migrate/database-url.ts';
import { type MigratedService, runMigrate } from '../migrate/run-migrate.ts';

export async function migrate(options: { json?: boolean; writeEnv?: string }): Promise<void> {
  const { adminUrl, passwords, kafka } = migrateConfigFromEnv();
  const services: MigratedService[] = [];
  const envFolder = options.writeEnv === undefined ? null : resolve(options.writeEnv);
  const onService = (service: MigratedService): void => {
    services.push(service);
    if (options.json !== true) console.log(step(service));
  };
  let ok = false;
  try {
    await runMigrate({ adminUrl, passwords, newPassword: () => systemRng.secret(24), envFolder, onService });
    if (kafka !== null) await makeTopics(kafka, options.json === true);
    ok = true;
  } finally {
    if (options.json === true) console.log(JSON.stringify({ ok, services: services.map(forEyes), topics: kafka === null ? [] : Object.keys(LOG_TOPICS) }));
    else if (services.length > 0) console.log(addresses(services));
  }
}

/** How many partitions rooms are laid out over is kept by messages, at its first start. */
async function makeTopics({ brokers, profile }: NonNullable<MigrateConfig['kafka']>, quiet: boolean): Promise<void> {
  const { ensureTopics } = await import('@parley/kafka');
  await ensureTopics({ brokers, profile, topics: LOG_TOPICS });
  if (!quiet) console.log(`Kafka          ${Object.keys(LOG_TOPICS).join(', ')} are there, profile ${profile}`);
}

function step({ service, madeDatabase, madeRole, applied }: MigratedService): string {
  const said = [madeDatabase ? 'database made' : '', madeRole ? 'role made' : '', applied.length === 0 ? 'nothing to apply' : `applied ${applied.join(', ')}`];
  return `${service.padEnd(14)} ${said.filter(Boolean).join(', ')}`;
}

/** Passwords are shown once, and not where they are in a file. */
function forEyes(service: MigratedService): MigratedService {
  if (service.file === null) return service;
  const { password: _, ...rest } = connectionOf(service.url);
  return { ...service, url: urlOf(rest) };
}

function addresses(services: readonly MigratedService[]): string {
  const files = services.map(({ file }) => file).filter((file) => file !== null);
  if (files.length > 0) return `Wrote ${files.join(', ')}.`;
  const lines = services.map(
    ({ service, url, passwordKnown }) => `${service.padEnd(14)} DATABASE_URL=${url}${passwordKnown ? '' : '   (its password is as it was)'}`,
  );
  return ['', 'Keep these; a password that was made is shown only now:', ...lines].join('\n');
}
