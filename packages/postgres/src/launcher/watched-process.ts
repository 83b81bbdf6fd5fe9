// A child that cannot outlive us: a tiny shell holds the other end of a pipe, and when we are gone (kill -9 too) it sends the child SIGINT.
// Both are in a session of their own, so Ctrl+C at the terminal reaches only us and we stop the child in our own order.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// Again and again: until the program has set up its signals, SIGINT is ignored as in every background job of a shell.
const WATCHDOG = `
exec 3<&0 </dev/null
env -i PATH="$PATH" "$@" 3<&- &
child=$!
( read -r _ <&3; while kill -INT "$child"; do sleep 0.1; done ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$child"
code=$?
kill -9 "$guard" 2>/dev/null
exit "$code"
`;

export interface WatchedProcess {
  /** Exit code of the child; above 128: killed by a signal. */
  readonly exited: Promise<number>;
  /** Sends SIGINT, which Postgres calls a fast shutdown. */
  interrupt(): void;
  /** Whether it keeps our process alive. It does at first. */
  keepAlive(keep: boolean): void;
}

/** Runs `command` with only PATH and `env` (`NAME=value`) as its environment; `onLine` gets each line of its output. */
export function runWatched(command: readonly string[], env: readonly string[], onLine: (line: string) => void): WatchedProcess {
  const child = spawn('/bin/sh', ['-c', WATCHDOG, 'parley-watchdog', ...env, ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // A pipe whose reader died says so on the next end(): the exit tells the same.
  child.stdin.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine);
  const exited = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 255));
  });
  exited.catch(() => undefined);
  return { exited, interrupt: () => child.stdin.end(), keepAlive: (keep) => keepAlive(child, keep) };
}

function keepAlive(child: ChildProcess, keep: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
    const referable = handle as { ref?(): void; unref?(): void } | null;
    if (keep) referable?.ref?.();
    else referable?.unref?.();
  }
}
