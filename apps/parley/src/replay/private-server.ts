// A server of our own for one replay: a child process on a temporary folder, which may be killed with -9 and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../config.ts';

export interface PrivateServer {
  readonly url: string;
  readonly pid: number;
  /** kill -9 of the whole program, with its Postgres when asked, and a start on the same folder and port. */
  restart(withPostgres: boolean): Promise<void>;
  /** The newest lines of its log, for when something went wrong. */
  log(): readonly string[];
  /** Ends it and removes the folder. */
  stop(): Promise<void>;
}

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const START_DEADLINE_MS = 60_000;
const LOG_LINES = 50;

function start(dataDir: string, port: number, log: string[]): Promise<Started> {
  const child = spawn(process.execPath, [CLI, 'start', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({ PORT: String(port), HOST: '127.0.0.1', PARLEY_DATA: dataDir, PARLEY_LOG_FORMAT: 'json' }),
  });
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4000);
    });
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The server was not ready after ${START_DEADLINE_MS} ms.\n${stderr}`));
    }, START_DEADLINE_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(deadline);
      reject(new Error(`The server ended (${code ?? signal}) before it was ready.\n${stderr}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = readyLine(line);
      if (ready === null) {
        log.push(line);
        if (log.length > LOG_LINES) log.shift();
        return;
      }
      clearTimeout(deadline);
      child.removeAllListeners('exit');
      resolve({ child, url: ready });
    });
  });
}

function readyLine(line: string): string | null {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null && 'ready' in parsed && 'url' in parsed && typeof parsed.url === 'string') return parsed.url;
  } catch {
    // A log line: not ours.
  }
  return null;
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));

async function postmasterPid(dataDir: string): Promise<number | null> {
  const text = await readFile(join(dataDir, 'pg', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

export async function startPrivateServer(): Promise<PrivateServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-replay-'));
  const log: string[] = [];
  let current = await start(dataDir, 0, log);
  const { url } = current;
  const port = Number(new URL(url).port);
  return {
    url,
    get pid() {
      return current.child.pid ?? 0;
    },
    async restart(withPostgres) {
      const postmaster = withPostgres ? await postmasterPid(dataDir) : null;
      current.child.kill('SIGKILL');
      if (postmaster !== null) {
        try {
          process.kill(postmaster, 'SIGKILL');
        } catch {
          // Gone already: its watchdog was quicker.
        }
      }
      await ended(current.child);
      current = await start(dataDir, port, log);
    },
    log: () => log,
    async stop() {
      current.child.kill('SIGTERM');
      await ended(current.child);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
