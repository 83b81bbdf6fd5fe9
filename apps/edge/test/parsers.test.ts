// Requests that two parsers could read differently. Behind the edge stands a real service app: whatever comes, the service must see either
// nothing or what the edge took it for, and answer as it would have answered the stranger itself.

import { EventEmitter } from 'node:events';
import net from 'node:net';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { authenticate, createLogger, runService, type Service, zodRoutes } from '@parley/runtime';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod/mini';
import { buildPublicApi } from '../src/index.ts';
import { KEY, startWorld, verifier } from './proxy-world.ts';

interface Seen {
  readonly route: string;
  readonly params: unknown;
  readonly body: unknown;
}

async function startBoth() {
  const seen: Seen[] = [];
  const service: Service = {
    name: 'rooms',
    routes: (app) => {
      const routes = zodRoutes(app);
      const onRequest = authenticate(verifier);
      const note = (route: string, params: unknown, body: unknown = null) => {
        seen.push({ route, params, body });
        return { ok: true };
      };
      routes.get('/api/rooms/:room/invitations', { onRequest }, async ({ params }) => note('invitations', params));
      routes.patch('/api/rooms/:room', { onRequest, schema: { body: z.strictObject({ name: z.string() }) } }, async ({ params, body }) =>
        note('change', params, body),
      );
      routes.post('/api/rooms', { onRequest, schema: { body: z.strictObject({ name: z.string() }) } }, async ({ body }) => note('create', null, body));
      routes.get('/api/open', async () => note('open', null));
    },
    start: async () => {},
    stop: async () => {},
  };
  const logger = createLogger({ level: 'silent', stream: { write: () => {} } });
  const process = { exit: () => {}, signals: new EventEmitter() };
  const running = await runService({ name: 'rooms', service, logger, clock, rng, host: '127.0.0.1', port: 0, graceMs: 1_000, internalKey: KEY, process });
  onTestFinished(async () => {
    running.app.server.closeAllConnections();
    await running.stop();
  });
  const world = await startWorld({ urls: { rooms: [running.url] }, api: await buildPublicApi([service]) });
  const direct = (bytes: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = net.connect(running.port, '127.0.0.1', () => socket.write(bytes));
      let all = '';
      socket.on('data', (chunk) => {
        all += chunk.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(all));
    });
  return { seen, world, direct };
}

const message = (line: string, headers: string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: x', 'Authorization: Bearer good', 'Connection: close', ...headers, '', body].join('\r\n');
const json = (body: string, type = 'application/json'): [string[], string] => [[`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`], body];
const statusOf = (answer: string): string => answer.slice(9, 12);
const NAME = '{"name":"a"}';

const CASES: [string, string][] = [
  ['an ordinary one', message('GET /api/rooms/r/invitations')],
  ['a slash that is escaped', message('GET /api/rooms/a%2Fb/invitations')],
  ['a slash that is escaped twice', message('GET /api/rooms/a%252Fb/invitations')],
  ['dots that lead elsewhere', message('GET /api/rooms/../../internal/rooms/resend')],
  ['dots inside', message('GET /api/rooms/../invitations')],
  ['escaped dots', message('GET /api/rooms/%2e%2e/invitations')],
  ['a slash twice', message('GET /api//rooms/r/invitations')],
  ['two slashes in front', message('GET //api/rooms/r/invitations')],
  ['a slash at the end', message('GET /api/rooms/r/invitations/')],
  ['a semicolon', message('GET /api/rooms/r;x=1/invitations')],
  ['a backslash', message('GET /api\\rooms/r/invitations')],
  ['a hash', message('GET /api/rooms/r/invitations#/api/open')],
  ['a whole address', message('GET http://elsewhere/api/open')],
  ['a question mark that is escaped', message('GET /api/rooms/a%3Fb/invitations')],
  ['an end of text', message('GET /api/rooms/a%00b/invitations')],
  ['a line that is escaped', message('GET /api/rooms/a%0d%0aX:1/invitations')],
  ['another case', message('GET /API/rooms/r/invitations')],
  ['bytes that are no text', message('GET /api/rooms/%ff/invitations')],
  ['a tab in the content type', message('POST /api/rooms', ...json(NAME, 'application/json\t;a'))],
  ['a space before the content type’s end', message('POST /api/rooms', ...json(NAME, 'application/json ; charset=utf-8'))],
  ['two content types in one', message('POST /api/rooms', ...json(NAME, 'application/json, text/plain'))],
  ['no content type', message('POST /api/rooms', [`Content-Length: ${NAME.length}`], NAME)],
  ['text that is JSON', message('POST /api/rooms', ...json(NAME, 'text/plain'))],
  ['the prototype', message('POST /api/rooms', ...json('{"name":"a","__proto__":{"x":1}}'))],
  ['a depth bomb', message('POST /api/rooms', ...json(`{"name":${'['.repeat(5_000)}${']'.repeat(5_000)}}`))],
  ['two lengths', message('POST /api/rooms', ['Content-Type: application/json', `Content-Length: ${NAME.length}`, 'Content-Length: 5'], NAME)],
  ['a length and chunks', message('POST /api/rooms', ['Content-Type: application/json', 'Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['odd chunks', message('POST /api/rooms', ['Content-Type: application/json', 'Transfer-Encoding: xchunked'], '0\r\n\r\n')],
  ['chunks', message('POST /api/rooms', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], `c\r\n${NAME}\r\n0\r\n\r\n`)],
  ['a length that is no number', message('POST /api/rooms', ['Content-Type: application/json', 'Content-Length: +12'], NAME)],
  ['a body where none belongs', message('GET /api/rooms/r/invitations', ['Content-Length: 4'], 'GET ')],
  ['another method in a header', message('POST /api/rooms', [...json(NAME)[0], 'X-HTTP-Method-Override: PATCH'], NAME)],
  ['a method that nobody knows', message('PROPFIND /api/rooms')],
  ['a header that is folded', message('GET /api/open', ['X-A: 1', ' X-B: 2'])],
  ['a header name with a space', message('GET /api/open', ['Parley-Edge-Token : x'])],
];

test('Whatever comes means the same before and behind the edge.', { timeout: 20_000 }, async () => {
  const { seen, world, direct } = await startBoth();
  let reached = 0;
  for (const [name, bytes] of CASES) {
    const answered = await world.raw(bytes);
    const through = seen.splice(0);
    const wanted = statusOf(await direct(bytes));
    const itself = seen.splice(0);
    reached += through.length;
    // The edge may refuse more than the service would, but lets nothing through as anything else.
    if (through.length > 0) expect([name, through]).toEqual([name, itself]);
    else if (itself.length > 0) expect([name, statusOf(answered)]).toEqual([name, expect.stringMatching(/^4/)]);
    if (!wanted.startsWith('5')) expect([name, statusOf(answered)]).toEqual([name, expect.stringMatching(/^[234]/)]);
    // Answered, and not by the service: then by the page, which is for all addresses that are nobody's.
    if (through.length === 0 && statusOf(answered) === '200') expect([name, answered]).toEqual([name, expect.stringContaining('<title>Parley')]);
  }
  expect(reached).toBeGreaterThan(8);
});

test('A second request hidden in the first reaches nobody as a request of its own without a token.', async () => {
  const { seen, world } = await startBoth();
  const hidden = 'PATCH /api/rooms/r HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name":"b"}';
  await world.raw(message('POST /api/rooms', ['Content-Type: application/json', `Content-Length: ${hidden.length}`], hidden));
  await world.raw(message('GET /api/open', [`Content-Length: ${hidden.length}`], hidden));
  expect(seen.map(({ route }) => route)).toEqual(['open']);
});
