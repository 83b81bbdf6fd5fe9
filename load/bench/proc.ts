// What /proc says of processes: CPU time and memory.
import { readdir, readFile } from 'node:fs/promises';

/** Clock ticks are 10 ms. */
const TICK_MS = 10;

/** The fields of /proc/PID/stat after the name; none of a process that has ended. */
async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** CPU time of one process, ms (utime + stime). NaN when it has ended. */
export async function cpuMs(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** CPU time of all processes below this one, living or ended and waited for, ms: servers of a connection come and go. */
export async function cpuMsBelow(pid: number): Promise<number> {
  const stats = await Promise.all((await childrenOf(pid)).map(statOf));
  return stats.flatMap((fields) => fields.slice(11, 15)).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}

/** Resident memory of one process, MiB. */
export async function rssMiB(pid: number): Promise<number> {
  const match = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}

/** Proportional memory of a process and everything it started, MiB: shared pages of Postgres are counted once. */
export async function familyMiB(pid: number): Promise<number> {
  let kib = 0;
  for (const one of [pid, ...(await childrenOf(pid))]) {
    const rollup = await readFile(`/proc/${one}/smaps_rollup`, 'utf8').catch(() => '');
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kib / 1024;
}

/** Everything below a process. */
async function childrenOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number((await statOf(Number(name)))[1]));
  }
  const below = (pid: number): number[] => [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}
