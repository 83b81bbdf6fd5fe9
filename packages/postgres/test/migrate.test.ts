// Migrations are applied once, in order, whole, recorded as Prisma records them, and never changed afterwards.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDatabase, MigrationRefused, migrate } from '../src/index.ts';
import { type TestDatabase, testDatabase } from '../src/testing.ts';

let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-migrations-'));
  database = await testDatabase();
});
afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...database.connection });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  it('applies what is new, in the order of the names, and records it as Prisma does', async () => {
    writeFileSync(join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n');
    write('20260102000000_second', 'ALTER TABLE a ADD COLUMN two int; CREATE INDEX ON a (two);');
    write('20260101000000_first', 'CREATE TABLE a (one int);');
    expect(await migrate(database.connection, folder)).toEqual(['20260101000000_first', '20260102000000_second']);
    expect(await migrate(database.connection, folder)).toEqual([]);
    write('20260103000000_third', 'INSERT INTO a VALUES (1, 2)');
    expect(await migrate(database.connection, folder)).toEqual(['20260103000000_third']);
    const rows = await query('SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, applied_steps_count FROM _prisma_migrations ORDER BY 1');
    expect(rows[0]).toEqual({
      migration_name: '20260101000000_first',
      checksum: createHash('sha256').update('CREATE TABLE a (one int);').digest('hex'),
      finished: true,
      applied_steps_count: 1,
    });
    expect(rows).toHaveLength(3);
  });

  it('applies each once when several processes start together', async () => {
    write('20260101000000_first', 'CREATE TABLE a (one int); SELECT pg_sleep(0.05);');
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database.connection, folder)));
    expect(applied.flat()).toEqual(['20260101000000_first']);
  });

  it('leaves nothing of a migration that fails, and tries it again next time', async () => {
    write('20260101000000_first', 'CREATE TABLE a (one int); SELECT 1 / 0;');
    await expect(migrate(database.connection, folder)).rejects.toThrow(/20260101000000_first.*division by zero/);
    expect(await query("SELECT to_regclass('a') AS there")).toEqual([{ there: null }]);
    write('20260101000000_first', 'CREATE TABLE a (one int);');
    expect(await migrate(database.connection, folder)).toEqual(['20260101000000_first']);
  });

  it('refuses a migration that was changed after it was applied', async () => {
    write('20260101000000_first', 'CREATE TABLE a (one int);');
    await migrate(database.connection, folder);
    write('20260101000000_first', 'CREATE TABLE a (one bigint);');
    write('20260102000000_second', 'CREATE TABLE b (one int);');
    await expect(migrate(database.connection, folder)).rejects.toThrow(MigrationRefused);
    expect(await query("SELECT to_regclass('b') AS there")).toEqual([{ there: null }]);
  });

  it('refuses a database that is newer than the folder, and a migration that comes before an applied one', async () => {
    write('20260102000000_second', 'CREATE TABLE a (one int);');
    await migrate(database.connection, folder);
    write('20260101000000_first', 'CREATE TABLE b (one int);');
    await expect(migrate(database.connection, folder)).rejects.toThrow(/later stamp/);
    rmSync(join(folder, '20260102000000_second'), { recursive: true });
    await expect(migrate(database.connection, folder)).rejects.toThrow(/newer/);
  });
});

describe('ensureDatabase', () => {
  it('makes a database once, also when two ask together', async () => {
    const name = 'parley "odd" name';
    await Promise.all([ensureDatabase(database.connection, name), ensureDatabase(database.connection, name)]);
    await ensureDatabase(database.connection, name);
    expect(await query(`SELECT count(*)::int AS n FROM pg_database WHERE datname = '${name}'`)).toEqual([{ n: 1 }]);
    await query(`DROP DATABASE ${pg.escapeIdentifier(name)}`);
  });
});
