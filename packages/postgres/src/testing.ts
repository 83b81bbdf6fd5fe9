// Databases for tests: one Postgres for this test process, ended and removed with it, and a fresh database for each caller, copied from a
// template that was migrated once. Never used outside tests.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { PgConnection } from './connection.ts';
import { type EmbeddedPostgres, startThrowawayPostgres } from './launcher/start-embedded-postgres.ts';
import { ensureDatabase, migrate } from './migrate.ts';

export interface TestDatabase {
  readonly connection: PgConnection;
  /** Ends what is still connected and removes the database. */
  drop(): Promise<void>;
}

// vitest may load this module once per test file in one process: the server is the process's, not the module's.
const shared = globalThis as { parleyTestServer?: Promise<EmbeddedPostgres>; parleyTestTemplates?: Map<string, Promise<string>>; parleyTestCount?: number };

/** A fresh database, migrated when a folder is named. The first call starts the server (under 2 s), later ones take some 20-50 ms. */
export async function testDatabase(migrationsFolder?: string): Promise<TestDatabase> {
  shared.parleyTestServer ??= startServer();
  const server = await shared.parleyTestServer;
  const template = migrationsFolder === undefined ? 'template1' : await templateOf(server, migrationsFolder);
  const name = nextName('test');
  await admin(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  return { connection: server.connection(name), drop: () => admin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function startServer(): Promise<EmbeddedPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-test-'));
  removeAfterUs(dataDir);
  return startThrowawayPostgres({ dataDir });
}

/** Test runners end their workers in any way they like: a shell that outlives us waits for our end and the server's, then removes the folder. */
function removeAfterUs(dataDir: string): void {
  const script = 'read -r _; n=0; while [ -e "$1/pg/postmaster.pid" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done; sleep 0.1; rm -rf "$1"';
  const janitor = spawn('/bin/sh', ['-c', script, 'parley-janitor', dataDir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  janitor.unref();
  (janitor.stdin as unknown as { unref(): void }).unref();
}

function templateOf(server: EmbeddedPostgres, folder: string): Promise<string> {
  shared.parleyTestTemplates ??= new Map();
  const known = shared.parleyTestTemplates.get(folder);
  if (known !== undefined) return known;
  const made = makeTemplate(server, folder);
  shared.parleyTestTemplates.set(folder, made);
  return made;
}

async function makeTemplate(server: EmbeddedPostgres, folder: string): Promise<string> {
  const name = nextName('template');
  await ensureDatabase(server.connection('postgres'), name);
  await migrate(server.connection(name), folder);
  return name;
}

function nextName(kind: string): string {
  shared.parleyTestCount = (shared.parleyTestCount ?? 0) + 1;
  return `parley_${kind}_${shared.parleyTestCount}`;
}

// One at a time: two copies of one template at once are refused by Postgres.
let queue: Promise<unknown> = Promise.resolve();
function admin(server: EmbeddedPostgres, sql: string): Promise<void> {
  const run = queue.then(async () => {
    const client = new pg.Client({ ...server.connection('postgres') });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  });
  queue = run.catch(() => undefined);
  return run;
}
