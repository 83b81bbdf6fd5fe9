// Processes that a benchmark starts: each says its ports when it serves, and ends with us, whatever ends us. Ports are never fixed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a target says once it serves: where, and where its publishers go when that is elsewhere. */
export interface Said {
  readonly port: number;
  readonly injectPort?: number;
}

export interface Target extends Said {
  readonly pid: number;
  stop(): Promise<void>;
}

const living = new Set<ChildProcess>();
let watching = false;

/** This child is killed when we end. */
export function endWithUs<T extends ChildProcess>(child: T): T {
  if (!watching) {
    watching = true;
    process.once('exit', () => {
      for (const one of living) one.kill('SIGKILL');
    });
    process.once('SIGINT', () => process.exit(130));
    process.once('SIGTERM', () => process.exit(143));
  }
  living.add(child);
  child.once('exit', () => living.delete(child));
  return child;
}

/** Asks it to go, waits, and makes it go. Resolves when it is gone. */
export async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(late);
}

const FILES = {
  'parley-gateway': './parley-gateway.ts',
  'parley-injector': './parley-injector.ts',
  'socket-io': './socket-io.ts',
  'ws-frame': './ws-frame.ts',
  'ws-joined': './ws-joined.ts',
} as const;

export interface StartOptions {
  /** Keep it, with all its threads, on this CPU. */
  readonly cpu?: number;
  /** For Node: `--cpu-prof` and the like. */
  readonly execArgv?: readonly string[];
}

/** One of them as a process; `options` are its own. Throws when it ends before it serves. */
export async function startTarget(name: keyof typeof FILES, options: object = {}, { cpu, execArgv = [] }: StartOptions = {}): Promise<Target> {
  const how = cpu === undefined ? { execArgv: [...execArgv] } : { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath, ...execArgv] };
  const child = endWithUs(
    fork(fileURLToPath(new URL(FILES[name], import.meta.url)), [JSON.stringify(options)], { ...how, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  const said = await new Promise<Said>((resolve, reject) => {
    child.once('message', resolve as (said: unknown) => void);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it served`)));
  });
  return { ...said, pid: child.pid ?? 0, stop: () => stopChild(child) };
}
