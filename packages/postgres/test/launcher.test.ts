// The embedded Postgres survives what happens to processes: nothing is left behind, nothing committed is lost, no folder is used twice.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataFolderInUse, type EmbeddedPostgres, postgresVersion, startEmbeddedPostgres } from '../src/index.ts';
import { findBinaries } from '../src/launcher/binaries.ts';
import { runAsUnprivileged } from '../src/launcher/unprivileged.ts';

const STARTER = fileURLToPath(new URL('starter.ts', import.meta.url));

interface Line {
  readonly started?: string;
  readonly failed?: string;
  readonly message?: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly committed?: number;
}

// Each starts several servers: seconds on a quiet machine, more beside other suites.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
const children: ChildProcess[] = [];
const servers: EmbeddedPostgres[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-launcher-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await vi.waitFor(() => expect(postgresOf(folder)).toEqual([]), { timeout: 10_000 });
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Runs the starter and answers its lines as they come. */
function starter(args: readonly string[], prefix: readonly string[] = []): { child: ChildProcess; lines: Line[]; first: Promise<Line> } {
  const command = [...prefix, process.execPath, STARTER, ...args];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: Line[] = [];
  const first = new Promise<Line>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      lines.push(JSON.parse(line) as Line);
      resolve(lines[0]!);
    });
    child.on('exit', (code) => reject(new Error(`starter ended with ${code} and no word`)));
  });
  return { child, lines, first };
}

/** Processes of a Postgres that works in this folder. */
function postgresOf(dataDir: string): number[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes('/native/bin/') && line.includes(dataDir)).map((line) => Number.parseInt(line, 10));
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir });
  servers.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...server.connection('postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const exit = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));

describe('the embedded Postgres', () => {
  it('keeps data over a stop and a start, and leaves no process', async () => {
    const first = await start(join(folder, 'pg'));
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, asked: true });
    expect(postgresOf(folder)).toEqual([]);
    const second = await start(join(folder, 'pg'));
    expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is durable, listens on no network and writes no statements into its log', async () => {
    const server = await start(folder);
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'log_min_error_statement', 'log_error_verbosity'];
    const rows = await query(
      server,
      `SELECT name, setting FROM pg_settings WHERE name = ANY ('{${names.join(',')}}') ORDER BY array_position('{${names.join(',')}}', name)`,
    );
    expect(rows.map((row) => row.setting)).toEqual(['on', 'on', 'on', '', 'panic', 'terse']);
    expect(statSync(server.connection('x').host).mode & 0o077).toBe(0);
  });

  it('does not warn of connections that its own stop ends, but of those that somebody else ends', async () => {
    const warned: string[] = [];
    const note = (): void => undefined;
    const logger = { debug: note, info: note, error: note, warn: (fields: object) => void warned.push((fields as { postgres: string }).postgres) };
    const server = await startEmbeddedPostgres({ dataDir: folder, logger });
    servers.push(server);
    const [cut, left] = [new pg.Client(server.connection('postgres')), new pg.Client(server.connection('postgres'))];
    for (const client of [cut, left]) {
      client.on('error', () => undefined);
      await client.connect();
    }
    const { rows } = await cut.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await left.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    await vi.waitFor(() => expect(warned).toHaveLength(1), 5_000);
    await server.stop();
    expect(warned).toEqual(['FATAL:  terminating connection due to administrator command']);
  });

  it('tells that it ended without being asked', async () => {
    const server = await start(folder);
    process.kill(Number.parseInt(readFileSync(join(folder, 'pg', 'postmaster.pid'), 'utf8'), 10), 'SIGQUIT');
    expect((await server.exited).asked).toBe(false);
    const again = await start(folder);
    expect(await query(again, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves no orphan when its starter is killed with -9, and the next start has the data', async () => {
    const { child, lines, first } = starter([folder, 'insert']);
    expect((await first).started).toBeDefined();
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(20), { timeout: 10_000 });
    child.kill('SIGKILL');
    await exit(child);
    await vi.waitFor(() => expect(postgresOf(folder)).toEqual([]), { timeout: 10_000 });
    const committed = Math.max(...lines.map((line) => line.committed ?? 0));
    const server = await start(folder);
    const rows = await query(server, `SELECT count(*)::int AS kept FROM row_kept WHERE nr <= ${committed}`);
    expect(rows).toEqual([{ kept: committed }]);
  });

  it('loses no committed row when everything is killed with -9, three times during inserts', async () => {
    let committed = 0;
    for (let round = 0; round < 3; round++) {
      const { child, lines, first } = starter([folder, 'insert']);
      expect(await first).toHaveProperty('started');
      await vi.waitFor(() => expect(lines.length).toBeGreaterThan(20), { timeout: 10_000 });
      child.kill('SIGKILL');
      for (const pid of postgresOf(folder)) kill(pid);
      await exit(child);
      committed = Math.max(committed, ...lines.map((line) => line.committed ?? 0));
    }
    const server = await start(folder);
    expect(await query(server, `SELECT count(*)::int AS kept FROM row_kept WHERE nr <= ${committed}`)).toEqual([{ kept: committed }]);
  });

  it('stops an orphan that even lost its watchdog, and starts', async () => {
    const { child, first } = starter([folder]);
    await first;
    const orphan = Number.parseInt(readFileSync(join(folder, 'pg', 'postmaster.pid'), 'utf8'), 10);
    for (const pid of postgresOf(folder)) if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh')) kill(pid);
    child.kill('SIGKILL');
    await exit(child);
    expect(postgresOf(folder)).toContain(orphan);
    const server = await start(folder);
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(postgresOf(folder)).not.toContain(orphan);
  });

  it('makes the cluster anew when making it was cut off', async () => {
    const { child, first } = starter([folder]);
    first.catch(() => undefined);
    await vi.waitFor(() => expect(readdirSync(folder).some((name) => name.startsWith('pg.unfinished-'))).toBe(true), { timeout: 10_000, interval: 1 });
    child.kill('SIGKILL');
    await exit(child);
    const server = await start(folder);
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await vi.waitFor(() => expect(readdirSync(folder).filter((name) => name.startsWith('pg.unfinished-'))).toEqual([]), { timeout: 10_000 });
  });
});

describe('the data folder', () => {
  it('is refused to a second start, by name and process', async () => {
    await start(folder);
    await expect(startEmbeddedPostgres({ dataDir: folder })).rejects.toBeInstanceOf(DataFolderInUse);
    const { first } = starter([folder]);
    expect(await first).toMatchObject({ failed: 'DataFolderInUse', pid: process.pid });
    expect((await first).message).toContain(folder);
  });

  it('is free after a stop and after kill -9, whatever the files of a dead process say', async () => {
    writeFileSync(join(folder, 'owner'), `${process.ppid}\n`);
    writeFileSync(join(folder, 'lock'), '');
    const { child, first } = starter([folder]);
    expect(await first).toHaveProperty('started');
    child.kill('SIGKILL');
    await exit(child);
    const server = await start(folder);
    await server.stop();
    await start(folder);
  });

  it('starts although another program has the process id of its dead server', async () => {
    const server = await start(folder);
    await server.stop();
    // As a crash leaves it, with an id that is alive and is not ours: this test's own parent.
    writeFileSync(
      join(folder, 'pg', 'postmaster.pid'),
      `${process.ppid}\n${join(folder, 'pg')}\n1700000000\n5432\n${folder}\n\n     1234         5\nready   \n`,
    );
    expect(await query(await start(folder), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('may be deeper than a socket address is long', async () => {
    const deep = join(folder, 'a'.repeat(60), 'with "quotes", commas and blanks'.repeat(2));
    const server = await start(deep);
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const socket = server.connection('x').host;
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    await server.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('changes owner nowhere but in the cluster, in a folder that only its owner may enter', async () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const server = await start(join(folder, 'data'));
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const mine = process.getuid?.();
    expect(statSync(join(folder, 'data')).uid).toBe(mine);
    for (const name of readdirSync(join(folder, 'data'))) if (name !== 'pg') expect([name, statSync(join(folder, 'data', name)).uid]).toEqual([name, mine]);
  });

  it.skipIf(process.getuid?.() !== 0)('works for an ordinary user (needs root to become one)', async () => {
    const home = join(folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    chmodSync(folder, 0o711);
    const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    // Where this checkout is in a folder that only root may enter, another user cannot even read it: root under that user's number can.
    const mayRead = spawnSync(user[0]!, [...user.slice(1), 'test', '-r', STARTER]).status === 0;
    if (mayRead) chownSync(home, 65_534, 65_534);
    const ordinary = [...(mayRead ? user : ['unshare', '--user', '--map-user=65534', '--map-group=65534']), 'env', `HOME=${home}`];
    const { child, first } = starter([join(home, 'data')], ordinary);
    expect(await first).toMatchObject({ uid: 65_534, started: join(home, 'data', 'pg') });
    child.kill('SIGKILL');
    await exit(child);
  });
});

describe.skipIf(process.getuid?.() !== 0)('as root (needs root)', () => {
  const programs = ['unshare', 'setpriv', 'env', 'sh', 'true', 'ps', 'sleep'];
  const find = (name: string): string => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((place) => join(place, name)).find((path) => existsSync(path))!;
  const pathWithout = (missing: string): string => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    for (const name of programs.filter((one) => one !== missing)) symlinkSync(find(name), join(bin, name));
    return bin;
  };

  it('runs in a user namespace where changing the user is forbidden, and goes on where it is allowed again', async () => {
    const dataDir = join(folder, 'data');
    for (const path of [pathWithout('setpriv'), process.env.PATH ?? '', pathWithout('setpriv')]) {
      const { child, first } = starter([dataDir], ['env', `PATH=${path}`]);
      expect(await first).toMatchObject({ started: join(dataDir, 'pg'), uid: 0 });
      child.kill('SIGKILL');
      await exit(child);
    }
    expect(readFileSync(join(dataDir, 'pg', 'PG_VERSION'), 'utf8')).toBe('18\n');
  });

  it('finds its programs below a folder that only root may enter, as a checkout in a fresh temporary folder is', () => {
    const links = join(folder, 'links');
    const native = dirname(dirname(findBinaries(links).initdb));
    // Hard links where the disk allows it: the programs are 60 MB.
    execFileSync('sh', ['-c', 'cp -al "$0" "$1" 2>/dev/null || cp -a "$0" "$1"', native, join(folder, 'native')]);
    expect(statSync(folder).mode & 0o077).toBe(0);
    const cluster = join(folder, 'pg');
    const probe = ['env', `LD_LIBRARY_PATH=${links}:${join(folder, 'native', 'lib')}`, join(folder, 'native', 'bin', 'initdb'), '--show', '-D', cluster];
    const [program = '', ...args] = [...runAsUnprivileged(cluster, probe).prefix, ...probe];
    expect(execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toBeDefined();
  });
});

describe('the bundled programs', () => {
  it('run here and say their version', async () => {
    expect(await postgresVersion()).toMatch(/^18\./);
  });
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the look and the blow.
  }
}
