// Parley as a program of its own: what `npm start` runs, as a child process that can be watched and killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../../apps/parley/src/cli.ts', import.meta.url));

export interface Program {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The match of the pattern in stdout, as soon as it is there. Rejects when the program ends first. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Starts `parley <args>` with only these settings beside the environment's own. */
export function program(args: readonly string[], env: Record<string, string>): Program {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    for (const watcher of watchers) watcher();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<number | string>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    ended,
    prints: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(out);
          if (match === null) return;
          watchers.delete(look);
          resolve(match);
        };
        watchers.add(look);
        look();
        void ended.then((how) => reject(new Error(`It ended (${how}) before it printed ${pattern}.\n${out}\n${err}`)));
      }),
  };
}
