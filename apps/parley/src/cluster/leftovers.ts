// What a supervisor that was killed left running is ended before a new one starts on the same folder. Never ends a process that is not ours.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock as clock } from '@parley/ports';
import type { ClusterFile } from './cluster-state.ts';

const run = promisify(execFile);

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
};

/** A process id may have been given to somebody else since: its command line tells. */
async function commandOf(pid: number): Promise<string> {
  try {
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}

/** Throws when a supervisor is running there. */
export async function endLeftovers(file: ClusterFile | null): Promise<void> {
  if (file === null) return;
  if (isAlive(file.supervisor) && (await commandOf(file.supervisor)).includes('cluster/supervise'))
    throw new Error(`A cluster runs in this folder already (supervisor ${file.supervisor}): \`npm run cluster -- stop\` ends it.`);
  for (const { pid, main } of file.processes) {
    if (!isAlive(pid) || !(await commandOf(pid)).includes(main)) continue;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
    while (isAlive(pid)) await clock.sleep(20);
  }
}
