// The real services in servers of their own, reached through the edge only: the stories of the one process, and what goes on while one is away.
import { createHash, randomBytes } from 'node:crypto';
import { buildPublicApi, publicApi } from '@parley/edge';
import { expect, test, vi } from 'vitest';
import { startSplit } from './split-services.ts';

const person = (url: string) => {
  let token = '';
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || body instanceof Uint8Array ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    });
  return {
    call,
    async register(handle: string): Promise<string> {
      const response = await call('POST', '/api/accounts/register', { handle, name: handle, password: 'correct horse battery' });
      expect(response.status).toBe(201);
      const tokens = (await response.json()) as { accessToken: string; user: { id: string } };
      token = tokens.accessToken;
      return tokens.user.id;
    },
  };
};

test('Two people, a room, what was said, a file; then services go away one by one, and what does not need them goes on.', { timeout: 60_000 }, async () => {
  const split = await startSplit();
  const [alice, bob] = [person(split.url), person(split.url)];
  const aliceId = await alice.register('alice');
  const bobId = await bob.register('bob');
  const made = await alice.call('POST', '/api/rooms', { kind: 'group', name: 'Plans', members: [bobId] });
  const { room } = (await made.json()) as { room: string };
  expect([200, 201]).toContain(made.status);
  const messages = [{ clientId: '0190a0b0-0000-7000-8000-0000000000aa', author: aliceId, time: 1_700_000_000_000, text: 'Friday?' }];
  expect(await (await alice.call('POST', `/api/rooms/${room}/import`, { messages })).json()).toMatchObject({ committed: 1, rejected: 0, pending: 0 });
  const history = async () => (await (await bob.call('GET', `/api/rooms/${room}/messages`)).json()) as { messages: { text: string }[] };
  expect((await history()).messages.map(({ text }) => text)).toEqual(['Friday?']);
  const people = (await (await bob.call('GET', `/api/people?ids=${aliceId}`)).json()) as { people: { handle: string }[] };
  expect(people.people.map(({ handle }) => handle)).toEqual(['alice']);

  const bytes = randomBytes(3_000_000);
  const metadata = `room ${Buffer.from(room).toString('base64')},name ${Buffer.from('plan.bin').toString('base64')}`;
  const tus = { 'tus-resumable': '1.0.0' };
  const begun = await alice.call('POST', '/api/media/uploads', undefined, { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': metadata });
  const path = begun.headers.get('location') ?? '';
  expect([begun.status, path.startsWith('/api/media/uploads/')]).toEqual([201, true]);
  for (const [from, to] of [
    [0, 1_000_000],
    [1_000_000, bytes.length],
  ] as const) {
    const headers = { ...tus, 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' };
    const sent = await alice.call('PATCH', path, bytes.subarray(from, to), headers);
    expect([sent.status, sent.headers.get('upload-offset')]).toEqual([204, String(to)]);
  }
  const file = path.replace('/uploads/', '/files/');
  const whole = Buffer.from(await (await alice.call('GET', file)).arrayBuffer());
  const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
  expect(digest(whole)).toBe(digest(bytes));
  const part = await alice.call('GET', file, undefined, { range: 'bytes=100-199' });
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))]).toEqual([206, true]);

  const before = { ...split.reached };
  expect((await person(split.url).call('GET', '/api/me/rooms', undefined, { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' })).status).toBe(401);
  expect(split.reached).toEqual(before);

  await split.stop('accounts');
  expect((await history()).messages).toHaveLength(1);
  const known = await bob.call('GET', `/api/people?ids=${aliceId}`);
  expect([known.headers.get('parley-degraded'), await known.json()]).toEqual(['last-known-people', people]);
  expect((await person(split.url).call('POST', '/api/accounts/login', { handle: 'alice', password: 'x' })).status).toBe(503);
  await split.stop('messages');
  const gone = await bob.call('GET', `/api/rooms/${room}/messages`);
  expect([gone.status, gone.headers.get('parley-degraded'), (await gone.json()).error.code]).toEqual([503, 'reading-waits', 'unavailable']);
  expect((await bob.call('GET', '/api/rooms/public')).status).toBe(200);
  const health = await fetch(`${split.url}/health/ready`);
  expect(health.status).toBe(200);
  await vi.waitFor(async () => {
    for (let i = 0; i < 4; i++) await bob.call('GET', '/api/me/rooms');
    expect(((await (await fetch(`${split.url}/health/ready`)).json()) as { status: string }).status).toBe('degraded');
  });
});

test('What the edge knows of the routes is what the services say now.', async () => {
  const { publicApiFile } = await import('../../../tools/src/docs/api-documents.ts');
  expect(JSON.parse(await publicApiFile())).toEqual(JSON.parse(JSON.stringify(publicApi())));
  expect(await buildPublicApi([])).toMatchObject({ routes: [] });
});
