// Calls between processes over real sockets: what is answered, what is refused, and what happens when nobody is there.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { systemClock as clock, createManualClock, systemRng as rng } from '@parley/ports';
import { contract, ParleyError } from '@parley/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod/mini';
import {
  answer,
  createHttpApp,
  createInternalHttp,
  createInternalTokens,
  createLogger,
  currentTrace,
  type InternalHandler,
  registerInternal,
  withTrace,
} from '../src/index.ts';

const KEY = 'a key that is long enough for this test';
const logger = createLogger({ level: 'silent' });
const Number_ = z.object({ n: z.int() });
const double = contract('numbers.double', Number_, Number_, { deadlineMs: 1_000, idempotent: true });
const add = contract('numbers.add', Number_, Number_, { deadlineMs: 1_000 });
const TRACE = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';

async function serve(handlers: readonly InternalHandler[], key = KEY, ourClock = clock): Promise<string> {
  const app = createHttpApp({ logger, rng });
  app.addHook('preHandler', (request, _reply, done) => withTrace(request.headers.traceparent, done));
  registerInternal(app, handlers, createInternalTokens(key, ourClock, rng), clock);
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return await app.listen({ host: '127.0.0.1', port: 0 });
}

/** A server of raw sockets: what it does with a connection is the test's. */
async function serveRaw(onSocket: (socket: net.Socket) => void): Promise<string> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address where nobody listens. */
async function nobody(): Promise<string> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

function client(...urls: string[]) {
  const transport = createInternalHttp({ key: KEY, urls: { numbers: urls }, clock, rng, logger });
  onTestFinished(() => transport.close());
  return transport.clientFor('gateway');
}
const refusal = (promise: Promise<unknown>): Promise<ParleyError> =>
  promise.then(
    () => Promise.reject(new Error('it was answered')),
    (error: unknown) => (error instanceof ParleyError ? error : Promise.reject(error)),
  );

test('A call is answered; the service learns who called and which trace it belongs to.', async () => {
  const seen: unknown[] = [];
  const url = await serve([
    answer(double, async ({ n }, caller) => {
      seen.push(caller, currentTrace());
      return { n: n * 2 };
    }),
  ]);
  expect(await withTrace(TRACE, () => client(url).call(double, { n: 21 }))).toEqual({ n: 42 });
  expect(seen).toEqual(['gateway', TRACE]);
});

test('A refusal arrives with its code, its wait and its details; what broke tells nothing of itself.', async () => {
  const fail: { error: Error } = { error: new ParleyError('slow_down', 'Not so fast.', { retryAfterMs: 1500, details: { of: 'two' } }) };
  const url = await serve([answer(double, () => Promise.reject(fail.error))]);
  const refused = await refusal(client(url).call(double, { n: 1 }));
  expect(refused.toBody()).toEqual({ code: 'slow_down', message: 'Not so fast.', retryAfterMs: 1500, details: { of: 'two' } });
  fail.error = new Error('password=hunter2');
  const broken = await refusal(client(url).call(double, { n: 1 }));
  expect(broken.code).toBe('internal');
  expect(JSON.stringify(broken.toBody())).not.toContain('hunter2');
});

test('What is not of the contract is refused on both sides, and so is a call that nobody answers.', async () => {
  let calls = 0;
  const url = await serve([answer(double, async () => ({ n: ++calls + 0.5 }))]);
  expect((await refusal(client(url).call(double, { n: 'x' } as never))).code).toBe('invalid');
  expect(calls).toBe(0);
  expect((await refusal(client(url).call(double, { n: 1 }))).code).toBe('internal');
  expect((await refusal(client(url).call(add, { n: 1 }))).code).toBe('unavailable');
});

test('A service that takes too long is given up at the deadline, which it was told.', async () => {
  let told: string | undefined;
  const server = http.createServer((request) => {
    told = request.headers['parley-deadline-ms'] as string;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const began = performance.now();
  const late = await refusal(client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).call(add, { n: 1 }));
  expect(late).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) });
  expect(performance.now() - began).toBeGreaterThan(900);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(Number(told)).toBeGreaterThan(0);
  expect(Number(told)).toBeLessThanOrEqual(1_000);
});

test('A service gives up with its caller: it answers at the deadline that it was told.', async () => {
  const url = await serve([answer(add, () => new Promise(() => {}))]);
  const token = createInternalTokens(KEY, clock, rng).issue('test');
  const response = await fetch(`${url}/internal/numbers/add`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'parley-deadline-ms': '50' },
    body: '{"n":1}',
  });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: 'unavailable' } });
});

test('When one address is dead, the next is asked, and the calls take turns among those that live.', async () => {
  const counts = [0, 0];
  const at = (index: number) =>
    serve([
      answer(add, async ({ n }) => {
        counts[index] = (counts[index] ?? 0) + 1;
        return { n };
      }),
    ]);
  const numbers = client(await nobody(), await at(0), await at(1));
  for (let n = 0; n < 9; n++) expect(await numbers.call(add, { n })).toEqual({ n });
  expect(counts[0]).toBeGreaterThan(2);
  expect(counts[1]).toBeGreaterThan(2);
});

test('Without anybody there the answer is unavailable, soon, and says when to come again.', async () => {
  const began = performance.now();
  const refused = await refusal(client(await nobody(), await nobody()).call(double, { n: 1 }));
  expect(refused).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) });
  expect(performance.now() - began).toBeLessThan(900);
});

test('What may have been taken is asked again only where the contract allows it.', async () => {
  let taken = 0;
  const breaks = await serveRaw((socket) =>
    socket.once('data', () => {
      taken += 1;
      socket.destroy();
    }),
  );
  const works = await serve([answer(double, async ({ n }) => ({ n: n * 2 })), answer(add, async ({ n }) => ({ n }))]);
  expect(await client(breaks, works).call(double, { n: 4 })).toEqual({ n: 8 });
  expect((await refusal(client(breaks, works).call(add, { n: 4 }))).code).toBe('unavailable');
  expect(taken).toBe(2);
});

test('A read does not wait for an address that hangs until there is no time left for another.', async () => {
  const hangs = await serveRaw(() => {});
  const works = await serve([answer(double, async ({ n }) => ({ n: n * 2 }))]);
  expect(await client(hangs, works).call(double, { n: 4 })).toEqual({ n: 8 });
});

test('Another key, an old token and no token get nothing, and the person is not told that they are signed out.', async () => {
  const handled = vi.fn(async () => ({ n: 1 }));
  const url = await serve([answer(double, handled)], 'another key that is long enough for it');
  expect((await refusal(client(url).call(double, { n: 1 }))).code).toBe('internal');
  const past = createManualClock();
  const old = createInternalTokens(KEY, past, rng).issue('gateway');
  const own = await serve([answer(double, handled)]);
  for (const authorization of [`Bearer ${old}`, 'Bearer x', '', undefined]) {
    const response = await fetch(`${own}/internal/numbers/double`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body: '{"n":1}',
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'unauthenticated' } });
  }
  expect((await fetch(`${own}/internal/no/such`, { method: 'POST' })).status).toBe(401);
  expect(handled).not.toHaveBeenCalled();
});

test('A request or an answer without an end is cut off.', async () => {
  const url = await serve([answer(double, async ({ n }) => ({ n }))]);
  const token = createInternalTokens(KEY, clock, rng).issue('test');
  const huge = await new Promise<number>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'content-length': String(65 * 1024 * 1024) };
    const request = http.request(`${url}/internal/numbers/double`, { method: 'POST', headers }, (response) => resolve(response.statusCode ?? 0));
    request.on('error', reject);
    request.flushHeaders();
    onTestFinished(() => void request.destroy());
  });
  expect(huge).toBe(413);
  const piece = Buffer.alloc(1024 * 1024, 0x20);
  const endless = await serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    more();
  });
  expect(['internal', 'unavailable']).toContain((await refusal(client(endless).call(add, { n: 1 }))).code);
});

test('An answer that comes too slowly is given up at the deadline as well.', async () => {
  const slow = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"n"'));
  const began = performance.now();
  expect((await refusal(client(slow).call(add, { n: 1 }))).code).toBe('unavailable');
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('Answers that are not ours are a service that is away, not a refusal.', async () => {
  const server = http.createServer((_request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>nginx</h1>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  expect((await refusal(client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).call(add, { n: 1 }))).code).toBe('unavailable');
});
