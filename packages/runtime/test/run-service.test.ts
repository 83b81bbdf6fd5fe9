// A service as a process: it says where it listens, answers health before it is ready, and ends what it has in hand when told to stop.
import { EventEmitter } from 'node:events';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createHttpApp, createInternalTokens, createLogger, createMetrics, runService, type Service } from '../src/index.ts';
import { startChild } from './fixtures/start-child.ts';

const KEY = 'a key that is long enough for this test';

function run(service: Partial<Service>, more: Partial<Parameters<typeof runService>[0]> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'silent', stream: { write: (line) => void lines.push(line) } });
  const signals = new EventEmitter();
  const exit = vi.fn<(code: number) => void>();
  const whole: Service = { name: 'thing', start: async () => {}, stop: async () => {}, ...service };
  const base = { name: 'thing', logger, clock, rng, host: '127.0.0.1', port: 0, graceMs: 5_000, internalKey: KEY };
  return { lines, signals, exit, running: runService({ ...base, service: whole, process: { exit, signals }, ...more }) };
}

test('It says where it listens whatever the log level, and a signal drains it: HTTP first, then the service, then its connections.', async () => {
  const order: string[] = [];
  const { lines, signals, exit, running } = run(
    { stop: async () => void order.push('service') },
    { closers: [async () => void order.push('first made'), async () => void order.push('last made')], metrics: createMetrics({ defaults: false }) },
  );
  const { url } = await running;
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ service: 'thing', listening: { url } })]);
  expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ok', problems: [] });
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  signals.emit('SIGTERM');
  await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]));
  expect(order).toEqual(['service', 'last made', 'first made']);
  expect(signals.listenerCount('SIGTERM')).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

test('While it starts it is alive, not ready, and answers nothing else.', async () => {
  let begun = (): void => {};
  let port = 0;
  const app = vi.fn();
  const { running } = run(
    {
      start: () =>
        new Promise((resolve) => {
          begun = resolve;
        }),
      routes: (scope) => void scope.get('/api/thing', async () => app()),
    },
    { attach: (server) => server.once('listening', () => (port = (server.address() as { port: number }).port)) },
  );
  await vi.waitFor(() => expect(port).toBeGreaterThan(0));
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  const ready = await fetch(`${url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'starting', problems: [] }]);
  const early = await fetch(`${url}/api/thing`);
  expect([early.status, await early.json()]).toEqual([503, { error: expect.objectContaining({ code: 'unavailable' }) }]);
  expect(app).not.toHaveBeenCalled();
  begun();
  const { stop } = await running;
  expect((await fetch(`${url}/api/thing`)).status).toBe(200);
  await stop();
});

test('What cannot start leaves nothing running.', async () => {
  const closed = vi.fn(async () => {});
  const { running, signals } = run({ start: () => Promise.reject(new Error('no database')) }, { closers: [closed] });
  await expect(running).rejects.toThrow('no database');
  expect(closed).toHaveBeenCalledOnce();
  expect(signals.listenerCount('SIGTERM')).toBe(0);
});

test('A process that is told to stop answers what it has in hand and ends with 0.', async () => {
  const child = await startChild(KEY);
  const answer = fetch(`${child.url}/api/slow`);
  // In hand only once the service has it.
  await vi.waitFor(async () => expect((await fetch(`${child.url}/api/echo`)).status).toBe(200));
  expect(await child.end('SIGTERM')).toBe(0);
  expect((await answer).status).toBe(200);
});

test('Only our own edge is believed about who calls; nobody is about X-Forwarded-For.', async () => {
  const { clientAddress } = await import('../src/index.ts');
  const tokens = createInternalTokens(KEY, clock, rng);
  const app = createHttpApp({ logger: createLogger({ level: 'silent' }), rng, tokens });
  app.get('/who', async (request) => ({ who: clientAddress(request), id: request.id }));
  onTestFinished(() => app.close());
  const id = rng.id();
  const words = { 'parley-client-address': '192.0.2.9', 'parley-request-id': id, 'x-forwarded-for': '203.0.113.1', forwarded: 'for=203.0.113.1' };
  const ask = async (token?: string) =>
    (await app.inject({ url: '/who', headers: { ...words, ...(token === undefined ? {} : { 'parley-edge-token': token }) } })).json() as {
      who: string;
      id: string;
    };
  expect(await ask(tokens.issue('edge'))).toEqual({ who: '192.0.2.9', id });
  for (const token of [undefined, 'x', createInternalTokens(`${KEY}!`, clock, rng).issue('edge')]) {
    const stranger = await ask(token);
    expect(stranger.who).toBe('127.0.0.1');
    expect(stranger.id).not.toBe(id);
  }
});
