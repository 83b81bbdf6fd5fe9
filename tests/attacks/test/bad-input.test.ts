// What careless and malicious clients send: each gets its typed error or documented close, nothing is written, nothing stops, the process lives.
import { randomUUID } from 'node:crypto';
import { openWorld, type Person, type World } from '@parley/journeys';
import { ERRORS, LIMITS } from '@parley/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

let world: World;
let ann: Person;
let eve: Person;
let room: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  world = await openWorld();
  ann = await world.person('Ann');
  eve = await world.person('Eve');
  room = await world.channel(ann, []);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  // Whatever was sent, the room still works for those who are in it.
  const said = await ann.parley.room(room).send('still here');
  expect(said.status).toBe('committed');
});
afterAll(() => world.close());

/** A stock Socket.IO client, as any language has one. */
function raw(token: string): Promise<Socket> {
  const socket = io(world.url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: { token, protocol: LIMITS.protocolVersion } });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('hello', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

let password = '';
async function tokenOf(person: Person): Promise<string> {
  password = person.password;
  const answer = await fetch(`${world.url}/api/accounts/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle: person.handle, password }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

const headOf = async (): Promise<number> => ((await ann.parley.call('GET', `/api/rooms/${room}/events?after=0&limit=500`)) as { head: number }).head;
const post = (text: unknown, more: object = {}): object => ({ type: 'message.post', room, clientId: randomUUID(), body: { text }, ...more });

describe('a socket of a member', () => {
  const CASES: [string, string, unknown, string][] = [
    ['an event that does not exist', 'sendd', {}, 'unknown_event'],
    ['an event named like a method of Object', 'hasOwnProperty', {}, 'unknown_event'],
    ['a string where an object belongs', 'send', 'hello', 'invalid'],
    ['no payload', 'send', undefined, 'invalid'],
    ['a number as text', 'send', () => post(7), 'invalid'],
    ['an empty text', 'send', () => post('   '), 'invalid'],
    ['U+0000', 'send', () => post('a\u0000b'), 'invalid'],
    ['a lone surrogate', 'send', () => post('a\ud800b'), 'invalid'],
    ['a forged author', 'send', () => post('hi', { author: '00000000-0000-7000-8000-000000000001' }), 'invalid'],
    ['a forged time', 'send', () => post('hi', { time: 1 }), 'invalid'],
    ['a text over the limit', 'send', () => post('x'.repeat(LIMITS.messageBytes + 1)), 'invalid'],
    [
      'a room’s id in another case',
      'send',
      () => ({ type: 'message.post', room: room.toUpperCase(), clientId: randomUUID(), body: { text: 'hi' } }),
      'invalid',
    ],
    ['a client id that is not one', 'send', () => post('hi', { clientId: '1' }), 'invalid'],
    ['rooms’ own command', 'send', { type: 'room.change', room, mver: 1, change: { type: 'room.renamed', body: { name: 'mine' } } }, 'invalid'],
    ['an imported message', 'send', { type: 'message.import', room, clientId: randomUUID(), body: { text: 'hi', replyTo: null } }, 'invalid'],
    ['too many people to watch', 'watch', { people: Array.from({ length: LIMITS.watchedPeople + 1 }, () => randomUUID()) }, 'invalid'],
    ['a read mark below zero', 'read', { room, seq: -1, n: 0 }, 'invalid'],
    ['a renewal with another token', 'auth', { token: 'nonsense' }, 'unauthenticated'],
  ];
  it.each(CASES)('gets a typed error for %s, and nothing is written', async (_, event, payload, code) => {
    const socket = await raw(await tokenOf(ann));
    const before = await headOf();
    // The room is known only when the test runs.
    const answer = await socket.timeout(5000).emitWithAck(event, typeof payload === 'function' ? payload() : payload);
    expect(answer).toMatchObject({ ok: false, error: { code } });
    expect(Object.keys(ERRORS)).toContain(answer.error.code);
    expect(await headOf()).toBe(before);
    expect(socket.connected).toBe(true);
  });

  it('gets a typed error for 64 kB of nested brackets', async () => {
    const socket = await raw(await tokenOf(ann));
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    const depth = 30_000;
    const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const answered = new Promise((resolve) => socket.io.engine.on('data', (data) => String(data).startsWith('37') && resolve(data)));
    socket.io.engine.write(`27["send",${nested}]`);
    expect(await Promise.race([answered, closed])).toBeTruthy();
  });

  it('is closed for a frame of 1 MB, and only that socket', async () => {
    const socket = await raw(await tokenOf(ann));
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    socket.emit('send', post('x'.repeat(1_048_576)));
    expect(await closed).toBeTruthy();
    expect(ann.parley.state.status).toBe('online');
  });

  it('is refused the same client id with another body, and gets the first result for the same body', async () => {
    const socket = await raw(await tokenOf(ann));
    const clientId = randomUUID();
    const results: { clientId: string; status: string; seq?: number; code?: string }[] = [];
    socket.on('result', (result) => result.clientId === clientId && results.push(result));
    const until = async (count: number): Promise<void> => {
      while (results.length < count) await new Promise((resolve) => socket.once('result', resolve));
    };
    const command = post('the first body', { clientId });
    await socket.emitWithAck('send', command);
    await until(1);
    await socket.emitWithAck('send', command);
    await until(2);
    await socket.emitWithAck('send', post('another body', { clientId }));
    await until(3);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toMatchObject({ status: 'rejected', code: 'client_id_reused' });
  });
});

describe('a stranger', () => {
  it.each([
    ['no token', ''],
    ['a token that is not one', 'abc.def.ghi'],
  ])('with %s is refused by name', async (_, token) => {
    await expect(raw(token)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  });

  it('with a token signed by nobody is refused', async () => {
    const token = await tokenOf(eve);
    const [head, , signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const forged = [head, Buffer.from(JSON.stringify({ ...claims, sub: ann.user })).toString('base64url'), signature].join('.');
    await expect(raw(forged)).rejects.toMatchObject({ data: { code: 'unauthenticated' } });
  });

  it('with a token of an ended session is refused, and a living socket of it is closed with a reason', async () => {
    const mallory = await world.person('Mallory');
    const token = await tokenOf(mallory);
    const socket = await raw(token);
    const bye = new Promise<{ code: string }>((resolve) => socket.once('bye', resolve));
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${world.url}/api/accounts/logout`, { method: 'POST', headers });
    expect((await bye).code).toBe('session_revoked');
    await expect(raw(token)).rejects.toMatchObject({ data: { code: 'session_revoked' } });
    expect((await fetch(`${world.url}/api/me`, { headers })).status).toBe(401);
  });

  it('cannot tell a room that is not theirs from one that is not there', async () => {
    const answers = await Promise.all(
      [room, randomUUID()].flatMap((id) =>
        ['messages', 'snapshot', 'events?after=0', 'members'].map(async (what) => {
          const error = await eve.parley.call('GET', `/api/rooms/${id}/${what}`).catch((cause: { code: string; message: string }) => cause);
          return JSON.stringify([what, (error as { code: string }).code, (error as { message: string }).message]);
        }),
      ),
    );
    expect(answers.slice(0, 4)).toEqual(answers.slice(4));
    expect(answers[0]).toContain('not_found');
  });

  it('cannot post into somebody else’s room', async () => {
    const before = await headOf();
    await expect(eve.parley.room(room).send('let me in')).rejects.toMatchObject({ code: expect.stringMatching(/^not_(member|found)$/) });
    expect(await headOf()).toBe(before);
  });

  it('from another web page is refused at the handshake', async () => {
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, { origin: 'https://evil.example' });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
      socket.on('error', () => resolve('closed'));
      socket.on('open', () => resolve('open'));
    });
    socket.terminate();
    expect(status).not.toBe('open');
  });

  it.each(['{"__proto__":{"owner":true}', 'not json', '[[[[', '\u0000'])('who sends broken frames (%s) closes only their own socket', async (junk) => {
    const socket = new WebSocket(`${world.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(`4${junk}`);
    socket.send(`42["send",${junk}]`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(ann.parley.state.status).toBe('online');
  });
});

describe('HTTP', () => {
  const send = (path: string, init: RequestInit): Promise<Response> => fetch(`${world.url}${path}`, init);

  it.each([
    ['a body that is not JSON', '/api/accounts/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"handle":' }, 400],
    ['a content type with a tab', '/api/accounts/login', { method: 'POST', headers: { 'content-type': 'application/json\ta' }, body: '{}' }, 400],
    [
      'unknown fields',
      '/api/accounts/register',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"handle":"x","password":"12345678","role":"owner"}' },
      400,
    ],
    [
      'an operator object as a handle',
      '/api/accounts/login',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"handle":{"$gt":""},"password":"x"}' },
      400,
    ],
    ['brackets without end', '/api/accounts/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '['.repeat(60_000) }, 400],
    ['an encoded slash in a path', '/api/rooms/..%2f..%2fetc/messages', {}, 400],
    ['a path that is not there', '/api/nothing', {}, 404],
  ] as [string, string, RequestInit, number][])('answers %s with a typed error', async (_, path, init, status) => {
    const answer = await send(path, init);
    const body = (await answer.json()) as { error: { code: string } };
    expect(Object.keys(ERRORS)).toContain(body.error.code);
    if (path.includes('%2f')) expect([400, 401, 404]).toContain(answer.status);
    else if (status === 400) expect([400, 413, 415]).toContain(answer.status);
    else expect(answer.status).toBe(status);
  });

  it('does not serve files outside of the web folder', async () => {
    for (const path of ['/..%2f..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json']) {
      const text = await (await send(path, {})).text();
      expect(text).not.toContain('workspaces');
    }
  });
});
