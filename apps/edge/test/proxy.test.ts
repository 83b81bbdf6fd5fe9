// The edge of a cluster as a person's client meets it: every route reaches its service and nothing else does.

import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { ParleyError } from '@parley/protocol';
import { expect, test, vi } from 'vitest';
import { publicApi } from '../src/index.ts';
import { fakeService, listen, type Reached, startWorld } from './proxy-world.ts';

const ID = '0190a0b0-0000-7000-8000-000000000001';
const pathOf = (url: string): string => url.replace(/:(\w+)/g, ID);

test('Every public route reaches the one service that answers it, as it was asked.', async () => {
  const world = await startWorld();
  const { routes } = publicApi();
  expect(routes.length).toBeGreaterThan(60);
  for (const { method, url, service } of routes) {
    const path = `${pathOf(url)}?q=a%2Fb%20c`;
    const response = await world.call(path, { method, headers: { authorization: 'Bearer load' } });
    expect([method, url, response.status, response.headers.get('x-service')]).toEqual([method, url, 200, service]);
    expect(world.reached.at(-1)).toMatchObject({ service, method, url: path });
  }
});

test('What is no public route reaches nobody, least of all the calls between services.', async () => {
  const world = await startWorld();
  for (const path of ['/internal/accounts/makeLoadKey', '/api/nothing', '/metrics/x', '/api/me/../../internal/accounts/setup']) {
    const response = await world.call(path, { method: 'POST' });
    expect([path, response.status]).toEqual([path, 404]);
  }
  expect(world.reached).toEqual([]);
});

test('A token that is missing, bad or over is refused before any service sees it; open routes need none.', async () => {
  const world = await startWorld();
  for (const [authorization, code] of [
    ['', 'unauthenticated'],
    ['Bearer nonsense', 'unauthenticated'],
    ['Basic good', 'unauthenticated'],
    ['Bearer old', 'token_expired'],
  ]) {
    const response = await world.call('/api/me', { headers: { authorization: authorization as string } });
    expect([response.status, await response.json()]).toEqual([401, { error: expect.objectContaining({ code }) }]);
  }
  expect(world.reached).toEqual([]);
  for (const path of ['/api/setup', '/.well-known/jwks.json']) expect((await fetch(`${world.url}${path}`)).status).toBe(200);
  expect((await fetch(`${world.url}/api/accounts/login`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status).toBe(200);
  expect(world.reached).toHaveLength(3);
});

test('Without the keys of tokens the services decide: the edge does not sign anybody out.', async () => {
  const away = await startWorld({ verifier: { verify: () => Promise.reject(new ParleyError('unavailable')) } });
  expect((await away.call('/api/me')).status).toBe(200);
  expect(away.reached[0]?.headers.authorization).toBe('Bearer good');
});

test('The service learns who called from the edge only, and sees nothing that pretends or belongs to one connection.', async () => {
  const world = await startWorld();
  await world.raw(
    [
      'GET /api/people?q=a HTTP/1.1',
      'Host: x',
      'Authorization: Bearer good',
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-Host: evil.example',
      'Forwarded: for=203.0.113.7',
      'X-Real-IP: 203.0.113.7',
      'Parley-Client-Address: 203.0.113.7',
      'Parley-Edge-Token: mine',
      'Parley-Request-Id: 0190a0b0-0000-7000-8000-00000000dead',
      'X-HTTP-Method-Override: DELETE',
      'Proxy-Authorization: Basic x',
      'Cookie: a=b',
      'X-Secret: 1',
      'TE: trailers',
      'Range: bytes=0-1',
      'Connection: close, Range',
      '\r\n',
    ].join('\r\n'),
  );
  const [one] = world.reached;
  expect(one?.headers['parley-client-address']).toBe('127.0.0.1');
  expect(one?.headers['parley-edge-token']).not.toBe('mine');
  expect(one?.headers['parley-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(one?.headers['parley-request-id']).not.toContain('dead');
  expect(JSON.stringify(one?.headers)).not.toMatch(/203\.0\.113|evil|x-secret|cookie|override|proxy-auth|"te"|range/);
});

test('Answers keep their status, headers and bytes; what the edge says itself stays its own.', async () => {
  const bytes = randomBytes(300_000);
  const world = await startWorld({
    origins: ['https://app.example.org'],
    say: (_reached, response) =>
      response
        .writeHead(206, {
          'content-type': 'image/png',
          'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
          'content-security-policy': 'sandbox',
          'access-control-allow-origin': '*',
          'set-cookie': 'a=b',
          etag: '"x"',
          'parley-degraded': 'no',
          'x-request-id': 'theirs',
        })
        .end(bytes),
  });
  const response = await world.call('/api/media/files/x', { headers: { origin: 'https://evil.example', range: 'bytes=0-' } });
  expect(response.status).toBe(206);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    etag: '"x"',
    'content-range': expect.any(String),
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  });
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
  expect(response.headers.get('parley-degraded')).toBeNull();
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(world.reached[0]?.headers.range).toBe('bytes=0-');
});

test('HEAD, 204 and 304 have no body and keep their headers.', async () => {
  let status = 200;
  const world = await startWorld({ say: (_reached, response) => void response.writeHead(status, { 'upload-offset': '17', 'tus-resumable': '1.0.0' }).end() });
  for (const [method, expected] of [
    ['HEAD', 200],
    ['DELETE', 204],
  ] as const) {
    status = expected;
    const response = await world.call(`/api/media/uploads/${ID}`, { method });
    expect([response.status, response.headers.get('upload-offset'), await response.text()]).toEqual([expected, '17', '']);
  }
  status = 304;
  const cached = await world.call(`/api/media/files/${ID}`, { headers: { 'if-none-match': '"x"' } });
  expect([cached.status, await cached.text()]).toEqual([304, '']);
});

test('A refusal of a service arrives as it is, and does not count against it.', async () => {
  const world = await startWorld({
    say: (_reached, response) =>
      void response
        .writeHead(503, { 'content-type': 'application/json', 'retry-after': '2' })
        .end('{"error":{"code":"unavailable","message":"The log is away.","retryAfterMs":1500}}'),
  });
  for (let i = 0; i < 10; i++) {
    const response = await world.call('/api/me/rooms');
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '2',
      { error: { code: 'unavailable', message: 'The log is away.', retryAfterMs: 1500 } },
    ]);
  }
  expect(world.reached).toHaveLength(10);
});

test('A file is streamed: the service has its first bytes before the last were sent, and no more than the limit.', async () => {
  let first = (): void => {};
  const began = new Promise<void>((resolve) => {
    first = resolve;
  });
  let size = 0;
  const media = await listen(
    http.createServer((request, response) => {
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
        first();
      });
      request.on('end', () => response.writeHead(204).end());
      request.on('error', () => {});
    }),
  );
  const world = await startWorld({ urls: { media: [media] }, uploadBytes: 1_000_000 });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
  const answer = world.call(`/api/media/uploads/${ID}`, { method: 'PATCH', body: readable, headers, duplex: 'half' } as RequestInit);
  const writer = writable.getWriter();
  await writer.write(randomBytes(100_000));
  await began;
  await writer.write(randomBytes(100_000));
  await writer.close();
  expect((await answer).status).toBe(204);
  expect(size).toBe(200_000);
  const declared = await world.call(`/api/media/uploads/${ID}`, { method: 'PATCH', body: randomBytes(1_000_001), headers });
  expect([declared.status, await declared.json()]).toEqual([413, { error: expect.objectContaining({ code: 'too_large' }) }]);
  size = 0;
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(randomBytes(100_000)) });
  await world.call(`/api/media/uploads/${ID}`, { method: 'PATCH', body: endless, headers, duplex: 'half' } as RequestInit).then(
    (response) => expect(response.status).toBeGreaterThanOrEqual(400),
    () => {},
  );
  expect(size).toBeLessThanOrEqual(1_100_000);
});

test('A body that is too large or ends early reaches nobody.', async () => {
  const world = await startWorld();
  const large = await world.call('/api/rooms', { method: 'POST', body: Buffer.alloc(1_048_577, 0x20), headers: { 'content-type': 'application/json' } });
  expect([large.status, await large.json()]).toEqual([413, { error: expect.objectContaining({ code: 'too_large' }) }]);
  const request = http.request(`${world.url}/api/rooms`, { method: 'POST', headers: { authorization: 'Bearer good', 'content-length': '100' } });
  request.on('error', () => {});
  request.write('{"a"');
  request.destroy();
  expect((await world.call('/api/me')).status).toBe(200);
  expect(world.reached.map(({ url }) => url)).toEqual(['/api/me']);
});

test('When the person goes away, the service is told.', async () => {
  let cut = false;
  const reached = vi.fn();
  const messages = await listen(
    http.createServer((_request, response) => {
      reached();
      response.on('close', () => {
        cut = true;
      });
    }),
  );
  const world = await startWorld({ urls: { messages: [messages] } });
  const gone = new AbortController();
  const answer = world.call('/api/me/rooms', { signal: gone.signal }).catch(() => 'gone');
  await vi.waitFor(() => expect(reached).toHaveBeenCalled());
  gone.abort();
  expect(await answer).toBe('gone');
  await vi.waitFor(() => expect(cut).toBe(true));
});

test('A write that was sent to a service that died is not sent again; one that was not sent goes to the next.', async () => {
  const reached: Reached[] = [];
  let taken = 0;
  const dies = await listen(
    http.createServer((request) => {
      taken += 1;
      request.socket.destroy();
    }),
  );
  const lives = await fakeService('rooms', reached);
  const closed = await new Promise<string>((resolve) => {
    const server = http.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(`http://127.0.0.1:${port}`));
    });
  });
  const body = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
  const first = await startWorld({ urls: { rooms: [dies, lives] } });
  const unknown = await first.call('/api/rooms', body);
  expect([unknown.status, await unknown.json()]).toEqual([503, { error: expect.objectContaining({ code: 'unavailable', retryAfterMs: expect.any(Number) }) }]);
  expect([taken, reached.length]).toEqual([1, 0]);
  const second = await startWorld({ urls: { rooms: [closed, lives] } });
  expect((await second.call('/api/rooms', body)).status).toBe(200);
  expect(reached[0]?.body.toString()).toBe('{}');
});

test('A socket is refused politely and told where to go.', async () => {
  const world = await startWorld();
  const said = await world.raw(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n',
  );
  expect(said).toMatch(/^HTTP\/1\.1 404 /);
  expect(said).toContain('/api/connect');
});

test('The documents are the ones of the one process, the page and health are the edge’s own.', async () => {
  const world = await startWorld();
  expect(await (await fetch(`${world.url}/api/openapi.json`)).json()).toEqual(publicApi().openApi);
  expect((await fetch(`${world.url}/api/docs`)).status).toBe(200);
  expect((await fetch(`${world.url}/api/asyncapi.json`)).status).toBe(200);
  expect(await (await fetch(`${world.url}/rooms/x`)).text()).toContain('<title>Parley');
  const page = await fetch(world.url);
  expect(page.headers.get('content-security-policy')).toContain('ws://127.0.0.1:1');
  expect((await fetch(`${world.url}/health/ready`)).status).toBe(200);
  expect(await (await fetch(`${world.url}/api/connect`)).json()).toEqual({ url: 'http://127.0.0.1:1' });
});

test('A person who calls in a loop meets the same wall as in the one process.', async () => {
  const world = await startWorld({ callLimits: { readsPerMinute: 3, writesPerMinute: 1 } });
  for (let i = 0; i < 3; i++) expect((await world.call('/api/me')).status).toBe(200);
  const refused = await world.call('/api/me');
  expect([refused.status, await refused.json()]).toEqual([429, { error: expect.objectContaining({ code: 'slow_down' }) }]);
  expect(world.reached).toHaveLength(3);
});
