// One process of the cluster: started, logged to its file, brought back after a growing pause when it ends by itself. It is the leader of
// a group of its own, so that a gateway is killed or stopped together with its workers.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Clock } from '@parley/ports';

export interface ProcessPlan {
  readonly name: string;
  /** The program: a path. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** As others reach it. */
  readonly url: string;
  /** Answers 200 when it serves. */
  readonly readyUrl: string;
  /** A gateway's `/status`, with its workers; null: it has none. */
  readonly statusUrl: string | null;
}

export interface Supervised {
  readonly plan: ProcessPlan;
  readonly pid: number | null;
  readonly paused: boolean;
  readonly restarts: number;
  readonly upMs: number;
  /** Does nothing when it runs. */
  start(): void;
  /** To the whole group, or to one of its processes. */
  signal(signal: NodeJS.Signals, pid?: number): void;
  /** SIGTERM and not back again; by force after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Ends it politely and starts it again. */
  restart(graceMs: number): Promise<void>;
}

export interface SupervisedDeps {
  readonly logFile: string;
  readonly clock: Clock;
  readonly onChange: () => void;
}

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 10_000;
const STABLE_MS = 20_000;

export function supervise(plan: ProcessPlan, { logFile, clock, onChange }: SupervisedDeps): Supervised {
  let child: ChildProcess | null = null;
  let since = 0;
  let restarts = 0;
  let failures = 0;
  let wanted = false;
  let paused = false;
  let ended: Promise<void> = Promise.resolve();

  const start = (): void => {
    wanted = true;
    if (child !== null) return;
    const log = openSync(logFile, 'a', 0o600);
    const started = spawn(process.execPath, [plan.main], { env: plan.env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    child = started;
    since = clock.monotonic();
    const exit = Promise.withResolvers<void>();
    ended = exit.promise;
    const gone = (): void => {
      if (child !== started) return;
      child = null;
      paused = false;
      exit.resolve();
      if (wanted) comeBack();
      onChange();
    };
    started.once('exit', gone);
    started.once('error', gone);
    onChange();
  };

  const comeBack = (): void => {
    failures = clock.monotonic() - since >= STABLE_MS ? 0 : failures;
    restarts += 1;
    clock.after(Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++), () => {
      if (wanted) start();
    });
  };

  const signal = (name: NodeJS.Signals, pid?: number): void => {
    if (child?.pid === undefined) return;
    if (pid === undefined && name === 'SIGSTOP') paused = true;
    if (pid === undefined && name === 'SIGCONT') paused = false;
    try {
      process.kill(pid ?? -child.pid, name);
    } catch (error) {
      // It ended in this very moment.
      if ((error as { code?: string }).code !== 'ESRCH') throw error;
    }
  };

  const end = async (graceMs: number): Promise<void> => {
    const running = child;
    if (running === null) return;
    if (paused) signal('SIGCONT');
    running.kill('SIGTERM');
    const force = clock.after(graceMs, () => child === running && signal('SIGKILL'));
    await ended;
    force.cancel();
  };

  return {
    plan,
    get pid() {
      return child?.pid ?? null;
    },
    get paused() {
      return paused;
    },
    get restarts() {
      return restarts;
    },
    get upMs() {
      return child === null ? 0 : Math.round(clock.monotonic() - since);
    },
    start,
    signal,
    async stop(graceMs) {
      wanted = false;
      await end(graceMs);
    },
    async restart(graceMs) {
      wanted = false;
      await end(graceMs);
      failures = 0;
      start();
    },
  };
}
