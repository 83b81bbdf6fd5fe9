// Postgres over TCP on the loopback, from the same binaries and with the same durability as the embedded one. Never without a password.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock } from '@parley/ports';
import {
  CLUSTER_FOLDER,
  findBinaries,
  giveCluster,
  makeCluster,
  type PostgresBinaries,
  type RunAs,
  runAsUnprivileged,
  SUPERUSER,
  stopOrphan,
} from '@parley/postgres/launcher';
import { baseEnv } from './config.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { passwordOf, portsOf } from './process/engine-folder.ts';
import { createEngineProcess } from './process/engine-process.ts';
import { makeEngine, starting } from './process/make-engine.ts';

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '128MB',
  max_connections: '200',
  max_wal_size: '512MB',
  huge_pages: 'off',
  jit: 'off',
  io_method: 'sync',
  max_wal_senders: '0',
  // People's words must not get into logs: no statements, no values.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_destination: 'stderr',
  log_timezone: 'UTC',
  lc_messages: 'C',
} as const;

const ORPHAN_PATIENCE_MS = 10_000;

/** The engine of a folder, running or not: starts nothing. */
export async function openPostgres({ folder, port: wanted, detached = false }: EngineOptions): Promise<Engine> {
  const [port = 0] = await portsOf(folder, ['postgres'], wanted);
  const password = passwordOf(folder);
  const dataDir = realpathSync(folder);
  const cluster = join(dataDir, CLUSTER_FOLDER);
  const running = createEngineProcess({
    name: 'postgres',
    folder,
    detached,
    stopSignal: 'SIGINT',
    plan: async () => {
      const binaries = findBinaries(join(dataDir, 'libraries'));
      const { runAs, env } = await prepare(dataDir, binaries, password);
      const settings = { ...SETTINGS, port: String(port) };
      const server = [binaries.postgres, '-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
      return {
        command: [...runAs.prefix, ...server],
        env,
        ready: /database system is ready to accept connections/,
        transient: /pre-existing shared memory block|lock file .* already exists/,
      };
    },
  });
  return makeEngine('postgres', `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`, running);
}

/** The superuser's URL, of the database `postgres`. Throws EngineFailed, PostgresNotBundled. */
export const startPostgres = starting(openPostgres);

async function prepare(dataDir: string, binaries: PostgresBinaries, password: string): Promise<{ runAs: RunAs; env: Record<string, string> }> {
  const cluster = join(dataDir, CLUSTER_FOLDER);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const loader = [binaries.loaderEnv, 'LC_ALL=C', 'TZ=UTC'];
  const runAs = runAsUnprivileged(cluster, ['env', ...loader, binaries.initdb, '--show', '-D', cluster]);
  await makeCluster(dataDir, binaries, runAs, loader);
  await stopOrphan(cluster, clock, ORPHAN_PATIENCE_MS);
  chmodSync(cluster, 0o700);
  giveCluster(cluster, runAs);
  const env = { ...baseEnv(), ...Object.fromEntries(loader.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])) };
  writeFileSync(join(cluster, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  const done = join(dataDir, 'password-set');
  if (!existsSync(done)) {
    await alone([...runAs.prefix, binaries.postgres, '--single', '-D', cluster, 'postgres'], env, `ALTER ROLE ${SUPERUSER} PASSWORD '${password}'\n`);
    writeFileSync(done, '');
  }
  return { runAs, env };
}

/** A statement without a server and so without a password. */
function alone([program = '', ...args]: readonly string[], env: Record<string, string>, statement: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 && !output.includes('ERROR') ? resolve() : reject(new Error(`Postgres took no password (${code}): ${output}`))));
    child.stdin.end(statement);
  });
}
