// A Parley for a benchmark: its own process on a temporary folder, with an owner, a load key, and what /proc says of it.
import { readdir, readFile } from 'node:fs/promises';
import { startPrivateServer } from '@parley/cli';
import type { Tokens } from '@parley/protocol';

export interface BenchServer {
  readonly url: string;
  readonly pid: number;
  register(handle: string): Promise<Tokens>;
  call<T>(token: string, method: string, path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Throws with what the server answered when that is not 2xx. */
export async function askServer<T>(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

export async function startBenchServer(): Promise<BenchServer> {
  const server = await startPrivateServer();
  const register = (handle: string, key?: string): Promise<Tokens> =>
    askServer(`${server.url}/api/accounts/register`, 'POST', key === undefined ? {} : { 'x-parley-load-key': key }, { handle, password: 'bench password' });
  const call = <T>(token: string, method: string, path: string, body?: unknown): Promise<T> =>
    askServer(`${server.url}${path}`, method, { authorization: `Bearer ${token}` }, body);
  const owner = await register('operator');
  const { key } = await call<{ key: string }>(owner.accessToken, 'POST', '/api/load-keys', {});
  return { url: server.url, pid: server.pid, register: (handle) => register(handle, key), call, stop: () => server.stop() };
}

/** CPU time of a process and its living children, ms (utime + stime, 10 ms ticks). */
export async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of one process, MiB. */
export async function rssMiB(pid: number): Promise<number> {
  const match = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}

/** Proportional memory of a process and everything it started, MiB: shared pages of Postgres are counted once. */
export async function familyMiB(pid: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (text !== '') parents.set(Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = (candidate: number): boolean => candidate === pid || (parents.has(candidate) && candidate > 1 && isOurs(parents.get(candidate) ?? 0));
  let kib = 0;
  for (const candidate of parents.keys()) {
    if (!isOurs(candidate)) continue;
    const rollup = await readFile(`/proc/${candidate}/smaps_rollup`, 'utf8').catch(() => '');
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kib / 1024;
}
