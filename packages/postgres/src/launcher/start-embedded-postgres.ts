// A real Postgres as a child of this process, on a folder of ours: durable, reachable only through a socket that our user may open.
// Never leaves a server behind, never starts a second one on a folder, never listens on the network.
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@parley/ports';
import type { PgConnection } from '../connection.ts';
import type { AdapterLogger } from '../logger.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { CLUSTER_FOLDER, giveCluster, makeCluster, SUPERUSER } from './make-cluster.ts';
import { kill, readPid, stopOrphan } from './orphan.ts';
import { makeSocketFolder } from './socket-folder.ts';
import { runAsUnprivileged } from './unprivileged.ts';
import { runWatched, type WatchedProcess } from './watched-process.ts';

export interface EmbeddedPostgresOptions {
  /** Made (0700) when it is not there. Only the cluster's folder in it changes owner. */
  readonly dataDir: string;
  readonly logger?: AdapterLogger;
  readonly clock?: Clock;
}

export interface PostgresExit {
  readonly code: number;
  /** Whether stop() asked for it. */
  readonly asked: boolean;
}

export interface EmbeddedPostgres {
  /** The superuser's connection to a database of this server. */
  connection(database: string): PgConnection;
  /** Fast shutdown: open transactions are rolled back, what was committed is on disk. Idempotent. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, asked or not. */
  readonly exited: Promise<PostgresExit>;
}

/** How long an orphan, its last backends or a shutdown may take. */
const PATIENCE_MS = 10_000;

const SETTINGS = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  // What is acknowledged is on disk.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // A laptop's share of memory, and no processes that a chat never needs.
  shared_buffers: '64MB',
  max_connections: '60',
  max_wal_size: '256MB',
  huge_pages: 'off',
  jit: 'off',
  io_method: 'sync',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  // People's words must not get into logs: no statements, no values.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_destination: 'stderr',
  log_line_prefix: '',
  log_timezone: 'UTC',
  lc_messages: 'C',
} as const;

/** Starts, or makes and starts, the Postgres of a folder. Throws DataFolderInUse, PostgresNotBundled. Takes up to 10 s after a crash. */
export const startEmbeddedPostgres = (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => startWithSettings(options, {});

/** For tests, whose data need not outlive the machine: a third of the time. */
export const startThrowawayPostgres = (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> =>
  startWithSettings(options, { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', checkpoint_timeout: '1h' });

async function startWithSettings(options: EmbeddedPostgresOptions, overrides: Readonly<Record<string, string>>): Promise<EmbeddedPostgres> {
  const clock = options.clock ?? systemClock;
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  const lock = lockDataFolder(dataDir);
  let cleanUp = (): void => lock.release();
  try {
    const binaries = findBinaries(join(dataDir, 'libraries'));
    const cluster = join(dataDir, CLUSTER_FOLDER);
    const env = [binaries.loaderEnv, 'LC_ALL=C', 'TZ=UTC'];
    const runAs = runAsUnprivileged(cluster, ['env', ...env, binaries.initdb, '--show', '-D', cluster]);
    await makeCluster(dataDir, binaries, runAs, env);
    const stranger = await stopOrphan(cluster, clock, PATIENCE_MS);
    const socket = makeSocketFolder(dataDir, cluster, runAs);
    cleanUp = () => {
      socket.remove();
      lock.release();
    };
    chmodSync(cluster, 0o700);
    giveCluster(cluster, runAs);
    // Postgres skips the process id that its parent's parent tells it: here the one of a dead life that another program has now.
    const fullEnv = stranger === null ? env : [...env, `PG_GRANDPARENT_PID=${stranger}`];
    const command = [...runAs.prefix, ...serverCommand(binaries, cluster, { ...SETTINGS, ...overrides, unix_socket_directories: quoted(socket.path) })];
    const life = { asked: false };
    const server = await startServer(command, fullEnv, clock, life, options.logger);
    return supervise(server, { cluster, socketPath: socket.path, cleanUp, clock, life });
  } catch (error) {
    cleanUp();
    throw error;
  }
}

function serverCommand(binaries: PostgresBinaries, cluster: string, settings: Readonly<Record<string, string>>): string[] {
  return [binaries.postgres, '-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** The setting is a list: a folder with a comma or a blank must be quoted. */
const quoted = (path: string): string => `"${path.replaceAll('"', '""')}"`;

/** What only waiting heals: backends of a killed server that have not noticed yet. */
const TRANSIENT = /pre-existing shared memory block|lock file "postmaster.pid" already exists|lock file .* already exists/;

/** Whether our own stop() has been asked for. */
interface Life {
  asked: boolean;
}

/** Drivers say that a connection is closed before the server has heard of it: of our own stop this is no warning. */
const ENDED_BY_STOP = /^FATAL: +terminating connection due to administrator command$/;

async function startServer(
  command: readonly string[],
  env: readonly string[],
  clock: Clock,
  life: Life,
  logger: AdapterLogger | undefined,
): Promise<WatchedProcess> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    const last: string[] = [];
    let ready: () => void = () => undefined;
    const isReady = new Promise<'ready'>((resolve) => {
      ready = () => resolve('ready');
    });
    const server = runWatched(command, env, (line) => {
      if (line.includes('database system is ready to accept connections')) ready();
      if (last.push(line) > 20) last.shift();
      const expected = life.asked && ENDED_BY_STOP.test(line);
      if (!expected && /^(WARNING|ERROR|FATAL|PANIC):/.test(line)) logger?.warn({ postgres: line }, 'postgres');
      else logger?.debug({ postgres: line }, 'postgres');
    });
    const first = await Promise.race([isReady, server.exited]);
    if (first === 'ready') return server;
    const output = last.join(' / ');
    if (!TRANSIENT.test(output) || clock.monotonic() > deadline) throw new Error(`Postgres did not start (${first}): ${output}`);
    await clock.sleep(100);
  }
}

interface Supervision {
  readonly cluster: string;
  readonly socketPath: string;
  readonly cleanUp: () => void;
  readonly clock: Clock;
  readonly life: Life;
}

function supervise(server: WatchedProcess, { cluster, socketPath, cleanUp, clock, life }: Supervision): EmbeddedPostgres {
  server.keepAlive(false);
  const exited = server.exited.then((code): PostgresExit => {
    cleanUp();
    return { code, asked: life.asked };
  });
  const stop = async (): Promise<void> => {
    life.asked = true;
    server.keepAlive(true);
    server.interrupt();
    const impatient = clock.after(PATIENCE_MS, () => {
      const pid = readPid(cluster);
      if (pid !== null) kill(pid, 'SIGQUIT');
    });
    await exited;
    impatient.cancel();
  };
  return { connection: (database) => ({ host: socketPath, port: 5432, user: SUPERUSER, database }), stop, exited };
}
