// A Parley for a benchmark: its own process on a temporary folder, with an owner and a load key.
import { startPrivateServer } from '@parley/cli';
import type { Tokens } from '@parley/protocol';

/** The public API of a server, as its operator: people of the load class are registered by a key of theirs. */
export interface BenchApi {
  register(handle: string): Promise<Tokens>;
  call<T>(token: string, method: string, path: string, body?: unknown): Promise<T>;
}

export interface BenchServer extends BenchApi {
  readonly url: string;
  readonly pid: number;
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

/** Becomes the owner of a server that has none. */
export async function becomeOperator(url: string): Promise<BenchApi> {
  const register = (handle: string, key?: string): Promise<Tokens> =>
    askServer(`${url}/api/accounts/register`, 'POST', key === undefined ? {} : { 'x-parley-load-key': key }, { handle, password: 'bench password' });
  const call = <T>(token: string, method: string, path: string, body?: unknown): Promise<T> =>
    askServer(`${url}${path}`, method, { authorization: `Bearer ${token}` }, body);
  const owner = await register('operator');
  const { key } = await call<{ key: string }>(owner.accessToken, 'POST', '/api/load-keys', {});
  return { register: (handle) => register(handle, key), call };
}

export async function startBenchServer(): Promise<BenchServer> {
  const server = await startPrivateServer();
  return { url: server.url, pid: server.pid, ...(await becomeOperator(server.url)), stop: () => server.stop() };
}
