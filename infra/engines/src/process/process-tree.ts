// Which processes belong together, and ending all of them. Knows a process by its id and its start, because ids are given again.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemClock as clock } from '@parley/ports';

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** A process that was seen alive: its id, and when it started (in the system's own words). */
export interface Identity {
  readonly pid: number;
  readonly started: string;
}

/** Null: there is no such process, or it is dead and only waits to be asked how it ended. */
export function identify(pid: number): Identity | null {
  if (process.platform === 'linux') {
    const fields = statFields(pid);
    // The first thread of a killed Java is dead while the others still hold its files and ports.
    return fields === null || (fields.state === 'Z' && fields.threads <= 1) ? null : { pid, started: fields.started };
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? null : { pid, started };
  } catch {
    return null;
  }
}

export const isSame = ({ pid, started }: Identity): boolean => identify(pid)?.started === started;

/** Stopped by SIGSTOP. Only Linux can tell. */
export const isPaused = (pid: number): boolean => process.platform === 'linux' && statFields(pid)?.state === 'T';

/** The process, all that it started (also in other groups), and all of its group. */
export function treeOf(pid: number): readonly Identity[] {
  const all = list();
  const found = new Set([pid]);
  for (const one of all) if (one.group === pid) found.add(one.pid);
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of all) {
      if (found.has(one.parent) && !found.has(one.pid)) {
        found.add(one.pid);
        grew = true;
      }
    }
  }
  return [...found].map(identify).filter((one) => one !== null);
}

export function signal(pids: Iterable<Identity>, name: NodeJS.Signals): void {
  for (const one of pids) {
    if (!isSame(one)) continue;
    try {
      process.kill(one.pid, name);
    } catch {
      // Gone in between, or not ours to end: who waits for the end finds out.
    }
  }
}

/** SIGKILL to the tree; resolves when all of it is gone. Throws after 15 s. */
export async function killTree(pid: number): Promise<void> {
  const deadline = clock.monotonic() + 15_000;
  const known = new Map<number, Identity>();
  for (;;) {
    // Looked at again each time: something may have been started meanwhile.
    for (const one of treeOf(pid)) known.set(one.pid, one);
    const alive = [...known.values()].filter(isSame);
    if (alive.length === 0) return;
    signal(alive, 'SIGKILL');
    if (clock.monotonic() > deadline) throw new Error(`Processes ${alive.map((one) => one.pid).join(', ')} do not end, although they were killed.`);
    await clock.sleep(10);
  }
}

function list(): readonly Listed[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([pid = 0, parent = 0, group = 0]) => ({ pid, parent, group }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Listed[] => {
      const fields = statFields(Number(name));
      return fields === null ? [] : [{ pid: Number(name), parent: fields.parent, group: fields.group }];
    });
}

/** /proc/<pid>/stat; the name in brackets may hold anything, so fields are counted from the last bracket. */
function statFields(pid: number): { state: string; parent: number; group: number; threads: number; started: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), group: Number(fields[2]), threads: Number(fields[17]), started: fields[19] ?? '' };
  } catch {
    return null;
  }
}
