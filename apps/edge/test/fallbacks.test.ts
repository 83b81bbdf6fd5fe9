// What people get while the service behind a route is away: a service that is really killed, and brought back.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FALLBACKS, publicApi } from '../src/index.ts';
import { fallbackOf } from '../src/proxy/fallbacks.ts';
import { KEY, startWorld } from './proxy-world.ts';

async function startAccounts(port = 0): Promise<{ process: ChildProcess; url: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./fixtures/people-service.ts', import.meta.url)), String(port), KEY], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { listening?: { url: string } };
      if (said.listening) resolve(said.listening.url);
    });
    void exited.then(() => reject(new Error('it ended')));
  });
  return { process: child, url, kill };
}

test('Every public route has a fallback with a name and a reason of its own, and every fallback has a route.', () => {
  const { routes } = publicApi();
  const used = new Set(routes.map((route) => fallbackOf(route)));
  expect(FALLBACKS.filter((fallback) => !used.has(fallback))).toEqual([]);
  expect(new Set(FALLBACKS.map(({ name }) => name)).size).toBe(FALLBACKS.length);
  // A change is never answered from memory.
  expect(routes.filter((route) => fallbackOf(route).kind === 'last-known').map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'GET']);
});

test('A service is killed: what was known is still said and marked, the rest says when to come again, the breaker opens, and all is well after its return.', {
  timeout: 30_000,
}, async () => {
  const accounts = await startAccounts();
  const world = await startWorld({ urls: { accounts: [accounts.url] } });
  const setup = await (await world.call('/api/setup')).json();
  const people = await (await world.call('/api/people?ids=a')).json();
  await accounts.kill();

  const known = await world.call('/api/setup');
  expect([known.status, known.headers.get('parley-degraded'), known.headers.get('cache-control')]).toEqual([200, 'last-known-setup', 'no-store']);
  expect(await known.json()).toEqual(setup);
  const names = await world.call('/api/people?ids=a');
  expect([names.headers.get('parley-degraded'), await names.json()]).toEqual(['last-known-people', people]);
  const unknown = await world.call('/api/people?ids=b');
  expect([unknown.status, unknown.headers.get('parley-degraded'), (await unknown.json()).error.code]).toEqual([503, 'last-known-people', 'unavailable']);
  const login = await world.call('/api/accounts/login', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  expect([login.status, login.headers.get('parley-degraded'), login.headers.get('retry-after'), (await login.json()).error]).toEqual([
    503,
    'sign-in-waits',
    '1',
    { code: 'unavailable', message: 'accounts does not answer.', retryAfterMs: 1000 },
  ]);
  // The others go on, and so does the edge.
  expect((await world.call('/api/me/rooms')).headers.get('x-service')).toBe('messages');
  const health = await fetch(`${world.url}/health/ready`);
  const { status, problems } = (await health.json()) as { status: string; problems: { problem: string }[] };
  expect([health.status, status, problems.some(({ problem }) => problem.includes('accounts at'))]).toEqual([200, 'degraded', true]);
  expect(await world.metrics.text()).toMatch(/parley_breaker_state\{[^}]*service="accounts"[^}]*\} 1/);
  expect(await world.metrics.text()).toContain('parley_edge_fallbacks_total{fallback="sign-in-waits"} 1');

  await startAccounts(Number(new URL(accounts.url).port));
  await vi.waitFor(async () => expect((await world.call('/api/people?ids=b')).status).toBe(200), { timeout: 10_000, interval: 100 });
  expect((await world.call('/api/setup')).headers.get('parley-degraded')).toBeNull();
});

test('A service that is there and cannot answer, its database being away, has the same fallbacks.', async () => {
  let away = false;
  const world = await startWorld({
    say: (_reached, response) =>
      away
        ? void response
            .writeHead(503, { 'content-type': 'application/json' })
            .end('{"error":{"code":"unavailable","message":"No database.","retryAfterMs":900}}')
        : void response.writeHead(200, { 'content-type': 'application/json' }).end('{"owner":true}'),
  });
  expect((await world.call('/api/setup')).headers.get('parley-degraded')).toBeNull();
  away = true;
  const known = await world.call('/api/setup');
  expect([known.status, known.headers.get('parley-degraded'), await known.json()]).toEqual([200, 'last-known-setup', { owner: true }]);
  const unknown = await world.call('/api/people?ids=a');
  expect([unknown.status, (await unknown.json()).error.message]).toEqual([503, 'No database.']);
});
