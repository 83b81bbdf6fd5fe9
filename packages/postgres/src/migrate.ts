// Databases and their migrations: Prisma's folder format and Prisma's own record of them, so `prisma migrate deploy` can take over at any
// time. Never edits or skips a migration that was applied: it refuses.
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { PgConnection } from './connection.ts';

/** The database and the folder do not agree: nothing was changed. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

const DUPLICATE_DATABASE = new Set(['42P04', '23505']);

/** Makes the database when it is not there. `connection` may name any database of the server. */
export async function ensureDatabase(connection: PgConnection, name: string): Promise<void> {
  await withClient({ ...connection, database: 'postgres' }, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`).catch((error: unknown) => {
      if (!DUPLICATE_DATABASE.has((error as { code?: string }).code ?? '')) throw error;
    });
  });
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

/** The lock that Prisma's own migrate takes: the two exclude each other. */
const PRISMA_LOCK = 72_707_369;

/**
 * Brings a database to the folder's last migration (`<stamp>_<name>/migration.sql`, in name order, each in its own transaction).
 * Answers the names applied now. Throws MigrationRefused when an applied migration was changed, is missing in the folder, or failed.
 * `asRole`: whose the tables are to be; the connection's user must be allowed to act as it.
 */
export async function migrate(connection: PgConnection, folder: string, asRole?: string): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  return withClient(connection, async (client) => {
    if (asRole !== undefined) await client.query(`SET ROLE ${pg.escapeIdentifier(asRole)}`);
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    const { rows: exists } = await client.query<{ there: boolean }>("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there");
    if (exists[0]?.there !== true) await client.query(TABLE);
    const { rows } = await client.query<Applied>(
      'SELECT migration_name, checksum, finished_at IS NOT NULL AS finished FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    );
    checkApplied(rows, migrations);
    const done = new Set(rows.map((row) => row.migration_name));
    const pending = migrations.filter((migration) => !done.has(migration.name));
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.name);
  });
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name): Promise<Migration> => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

function checkApplied(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const migration = known.get(row.migration_name);
    if (!row.finished) throw new MigrationRefused(`Migration ${row.migration_name} failed earlier: resolve it by hand (prisma migrate resolve).`);
    if (migration === undefined) throw new MigrationRefused(`The database has migration ${row.migration_name}, which this version does not know: it is newer.`);
    if (migration.checksum !== row.checksum)
      throw new MigrationRefused(`Migration ${row.migration_name} was changed after it was applied: add a new one instead.`);
  }
  const last =
    applied
      .map((row) => row.migration_name)
      .sort()
      .at(-1) ?? '';
  const done = new Set(applied.map((row) => row.migration_name));
  const late = migrations.find((migration) => migration.name < last && !done.has(migration.name));
  if (late !== undefined) throw new MigrationRefused(`Migration ${late.name} is older than ${last}, which is applied already: give it a later stamp.`);
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
  }
}

/** A client for one piece of work. */
export async function withClient<T>(connection: PgConnection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...connection });
  // A lost connection is told by the query in hand.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
