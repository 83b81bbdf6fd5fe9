// One engine's process on its folder: started, watched until it serves, found again by who comes later, ended with all that it started.
// Ends with its starter (a guard holds the other end of a pipe), unless it is detached. Never two on one folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock } from '@parley/ports';
import { type Identity, identify, isSame, killTree, signal, treeOf } from './process-tree.ts';

export interface ProcessPlan {
  /** Program and arguments. It must replace itself (exec) by the engine, so that its id is the engine's. */
  readonly command: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A line of its output that says that it serves. */
  readonly ready: RegExp;
  /** Output of a start that only waiting heals, such as the last backends of a killed Postgres. */
  readonly transient?: RegExp;
}

export interface EngineProcess {
  /** Of the process now running; 0 when none is. */
  readonly pid: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Nothing when it runs already. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

/** How long a start or a polite stop may take. */
const PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 20_000;
const MAX_LOG_BYTES = 20 * 2 ** 20;
/** The guard is the engine's child and of its group: the engine keeps the id of the group's leader. */
const GUARD = 'exec 3<&0 </dev/null; ( read -r _ <&3; kill -9 0 ) >/dev/null 2>&1 & exec 3<&-; exec "$@"';

export class EngineFailed extends Error {
  override readonly name = 'EngineFailed';
}

export interface EngineProcessOptions {
  readonly name: string;
  readonly folder: string;
  readonly detached: boolean;
  /** Of the polite stop. */
  readonly stopSignal: NodeJS.Signals;
  /** Asked before each start: it may write the engine's configuration. */
  readonly plan: () => Promise<ProcessPlan>;
}

/** Starts nothing yet; one that runs on the folder already is taken as it is. */
export function createEngineProcess({ name, folder, detached, stopSignal, plan }: EngineProcessOptions): EngineProcess {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, 'process.json');
  const log = join(folder, `${name}.log`);
  let child: ChildProcess | null = null;

  const running = (): Identity | null => {
    const noted = readNote(note);
    return noted !== null && isSame(noted) ? noted : null;
  };
  const forget = (): void => {
    child?.stdin?.destroy();
    child = null;
    rmSync(note, { force: true });
  };
  const kill = async (): Promise<void> => {
    // Also when the engine itself is dead: it may have left something of its group.
    const noted = readNote(note);
    if (noted !== null && (isSame(noted) || identify(noted.pid) === null)) await killTree(noted.pid);
    forget();
  };
  const start = async (): Promise<void> => {
    if (running() !== null) return;
    await kill();
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const planned = await plan();
      const begun = begin(planned, log, detached);
      child = begun.child;
      if (begun.identity !== null) writeFileSync(note, JSON.stringify(begun.identity), { mode: 0o600 });
      const outcome = await untilReady(begun, planned, log, deadline);
      if (outcome === null) return;
      await kill();
      if (planned.transient?.test(outcome) !== true || clock.monotonic() > deadline) throw new EngineFailed(`${name} did not start: ${outcome}`);
      await clock.sleep(100);
    }
  };
  const stop = async (): Promise<void> => {
    const identity = running();
    if (identity !== null) {
      signal([identity], stopSignal);
      // One that is paused cannot hear.
      signal(treeOf(identity.pid), 'SIGCONT');
      const deadline = clock.monotonic() + STOP_PATIENCE_MS;
      while (isSame(identity) && clock.monotonic() < deadline) await clock.sleep(20);
    }
    await kill();
  };
  const toAll = (what: NodeJS.Signals) => (): void => {
    const identity = running();
    if (identity !== null) signal(treeOf(identity.pid), what);
  };
  return {
    get pid() {
      return running()?.pid ?? 0;
    },
    kill,
    stop,
    start,
    pause: toAll('SIGSTOP'),
    resume: toAll('SIGCONT'),
  };
}

/** The process that is noted in an engine's folder, if it lives. */
export function runningIn(folder: string): Identity | null {
  const noted = readNote(join(folder, 'process.json'));
  return noted !== null && isSame(noted) ? noted : null;
}

function readNote(note: string): Identity | null {
  try {
    const { pid, started } = JSON.parse(readFileSync(note, 'utf8')) as Partial<Identity>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : null;
  } catch {
    return null;
  }
}

interface Begun {
  readonly child: ChildProcess;
  readonly identity: Identity | null;
  readonly logFrom: number;
  readonly ended: () => string | null;
}

function begin({ command, env }: ProcessPlan, log: string, detached: boolean): Begun {
  if (existsSync(log) && statSync(log).size > MAX_LOG_BYTES) renameSync(log, `${log}.old`);
  const logFrom = existsSync(log) ? statSync(log).size : 0;
  const output = openSync(log, 'a', 0o600);
  const [program = '', ...args] = detached ? command : ['/bin/sh', '-c', GUARD, 'parley-engine-guard', ...command];
  const child = spawn(program, args, { env: { ...env }, stdio: [detached ? 'ignore' : 'pipe', output, output], detached: true });
  closeSync(output);
  let ended: string | null = null;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, by) => {
    ended = `it ended with ${code ?? by}`;
    // The guard goes, and with it what is left of the group.
    child.stdin?.destroy();
  });
  child.stdin?.on('error', () => undefined);
  (child.stdin as { unref?(): void } | null)?.unref?.();
  child.unref();
  return { child, identity: child.pid === undefined ? null : identify(child.pid), logFrom, ended: () => ended };
}

/** Null when it serves; else why it does not. */
async function untilReady({ ended, logFrom }: Begun, { ready }: ProcessPlan, log: string, deadline: number): Promise<string | null> {
  for (;;) {
    // Asked before the log is read: what it said last is then in the log.
    const end = ended();
    const said = readFrom(log, logFrom);
    if (ready.test(said)) return null;
    const last = said.trim().split('\n').slice(-15).join('\n');
    if (end !== null) return `${end}\n${last}`;
    if (clock.monotonic() > deadline) return `it did not serve within ${PATIENCE_MS / 1000} s\n${last}`;
    await clock.sleep(20);
  }
}

function readFrom(file: string, from: number): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, statSync(file).size - from));
    return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, from)).toString('utf8');
  } finally {
    closeSync(handle);
  }
}
