// A Postgres that an earlier life of ours left running: recognised by its working folder, never by its process id alone.

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@parley/ports';

/**
 * Stops a Postgres that still runs on `cluster` (fast, after `patienceMs` at once). Answers the process id that postmaster.pid names and
 * that belongs to somebody else now, else null.
 */
export async function stopOrphan(cluster: string, clock: Clock, patienceMs: number): Promise<number | null> {
  const pid = readPid(cluster);
  if (pid === null || !isAlive(pid)) return null;
  if (!worksIn(pid, cluster)) return pid;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    kill(pid, signal);
    const deadline = clock.monotonic() + patienceMs;
    while (clock.monotonic() < deadline) {
      if (!isAlive(pid)) return null;
      await clock.sleep(20);
    }
  }
  throw new Error(`An earlier Postgres (process ${pid}) still works on ${cluster} and does not stop. End it, then start again.`);
}

export function readPid(cluster: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function worksIn(pid: number, cluster: string): boolean {
  try {
    if (process.platform === 'linux') {
      const [theirs, ours] = [statSync(`/proc/${pid}/cwd`), statSync(cluster)];
      return theirs.ino === ours.ino && theirs.dev === ours.dev;
    }
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(cluster);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Dead, but nobody has asked how it ended: in a container the first process often does not. */
function isZombie(pid: number): boolean {
  try {
    return process.platform === 'linux' && /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already, or not ours to stop; the caller looks at whether it lives.
  }
}
