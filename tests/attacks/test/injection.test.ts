// What a body, a path or a header may try to smuggle in: fields that are not the caller's to set, prototypes, other people's ids, odd types.
// Each is refused or without effect, and never an internal error.
import { randomUUID } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { ERRORS, LIMITS } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, attackTarget, command, type Someone, type Target } from './target.ts';

let target: Target;
let ann: Someone;
let eve: Someone;
let room: string;
let foreign: string;

beforeAll(async () => {
  target = await attackTarget();
  ann = await target.someone('ann');
  eve = await target.someone('eve');
  foreign = await target.channel(ann);
  room = await target.channel(eve);
});
afterAll(async () => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  await target.close();
});

const typed = (answer: Answer): void => {
  expect(Object.keys(ERRORS), answer.text.slice(0, 300)).toContain(answer.code);
  expect(answer.status, answer.text.slice(0, 300)).toBeLessThan(500);
};

/** Each body as it should be. `{room}` is Eve's own. */
const BODIES: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['POST', '/api/accounts/register', { handle: 'mallory', password: 'a long password' }],
  ['POST', '/api/accounts/login', { handle: 'eve', password: 'wrong password' }],
  ['POST', '/api/accounts/refresh', { refreshToken: 'x' }],
  ['PATCH', '/api/me', { name: 'Eve' }],
  ['POST', '/api/me/password', { current: 'x', next: 'a long password' }],
  ['PUT', '/api/me/state/pref:a', { value: 1 }],
  ['POST', '/api/rooms', { kind: 'group', name: 'x' }],
  ['PATCH', '/api/rooms/{room}', { topic: 'x' }],
  ['POST', '/api/rooms/{room}/members', { users: [] }],
  ['POST', '/api/rooms/{room}/invitations', { uses: 1 }],
  ['POST', '/api/rooms/{room}/read', { seq: 1, n: 1 }],
  ['POST', '/api/direct', { user: '00000000-0000-7000-8000-000000000001' }],
];
const EXTRA = { role: 'owner', isAdmin: true, id: randomUUID(), author: randomUUID(), room: randomUUID(), cls: 'load', mver: 1, owners: 9, polluted: true };

describe('a body', () => {
  it.each(BODIES)('of %s %s takes no field that is not in its schema', async (method, path, body) => {
    for (const [name, value] of Object.entries(EXTRA)) {
      const answer = await target.call(method, path.replace('{room}', room), { token: eve.token, body: { ...body, [name]: value } });
      expect([name, answer.status, answer.code]).toEqual([name, 400, 'invalid']);
    }
  });

  it.each(BODIES)('of %s %s takes no prototype', async (method, path, body) => {
    const inside = JSON.stringify(body).slice(1, -1);
    for (const key of ['"__proto__":{"polluted":true}', '"constructor":{"prototype":{"polluted":true}}', '"\\u005f_proto__":{"polluted":true}']) {
      const answer = await target.call(method, path.replace('{room}', room), { token: eve.token, raw: `{${key},${inside}}` });
      expect([key, answer.status, answer.code]).toEqual([key, 400, 'invalid']);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(BODIES)('of %s %s takes values of no other type', async (method, path, body) => {
    const odd = [null, [], {}, { $gt: '' }, { contains: '' }, { set: 1 }, -1, 1e308, true, '\u0000', '\ud800', 'x'.repeat(2000)];
    for (const name of Object.keys(body)) {
      for (const value of odd) {
        const answer = await target.call(method, path.replace('{room}', room), { token: eve.token, body: { ...body, [name]: value } });
        if (answer.code !== 'ok') typed(answer);
        else if (path !== '/api/me/state/pref:a')
          expect([name, value]).toEqual([name, expect.toSatisfy((taken) => taken === 'x'.repeat(2000) || Array.isArray(taken))]);
      }
    }
    for (const raw of ['null', '[]', '"text"', '1', '', '{', '{"a":1}{"b":2}', '\ufeff{}'])
      typedOrOk(await target.call(method, path.replace('{room}', room), { token: eve.token, raw }));
  });

  it('of another content type is refused, also one that only looks like JSON', async () => {
    const raw = JSON.stringify({ topic: 'smuggled' });
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json\ta',
      'application/jsonx',
      'text/json',
      'application/json, text/plain',
    ]) {
      const answer = await target.call('PATCH', `/api/rooms/${room}`, { token: eve.token, raw, headers: { 'content-type': type } });
      expect([type, answer.code]).toEqual([type, 'invalid']);
    }
    const { rooms } = await target.must<{ rooms: { room: string; topic: string }[] }>('GET', `/api/me/rooms?ids=${room}`, { token: eve.token });
    expect(rooms.map(({ topic }) => topic)).not.toContain('smuggled');
  });
});

const typedOrOk = (answer: Answer): void => (answer.code === 'ok' ? undefined : typed(answer));

describe('an address', () => {
  it('names the room, and no query does it instead', async () => {
    for (const query of ['room', 'rid', 'roomId', 'params[room]', 'room[]', 'user', 'sub'])
      for (const what of ['messages', 'events', 'members', 'snapshot']) {
        const answer = await target.call('GET', `/api/rooms/${room}/${what}?${encodeURIComponent(query)}=${foreign}`, { token: eve.token });
        expect(answer.text).not.toContain(foreign);
        expect(answer.text).not.toContain(ann.user);
      }
    const mine = await target.must<{ rooms: object[] }>('GET', `/api/me/rooms?ids=${foreign},${randomUUID()}`, { token: eve.token });
    expect(mine.rooms).toEqual([]);
  });

  it.each([
    '/api/rooms/{room}%2f..%2f{foreign}/messages',
    '/api/rooms/{room}/..%2f{foreign}%2fmessages',
    '/api/rooms/{room}/../{foreign}/messages',
    '/api/rooms/{foreign}%00/messages',
    '/api/rooms/%00/messages',
    '/api/rooms/{foreign};{room}/messages',
    '/api/rooms//{foreign}/messages',
    '/api//rooms/{foreign}/messages',
    '/API/rooms/{foreign}/messages',
    '/api/rooms/{foreign}/messages/',
    '/api/rooms/{foreign}/messages%20',
    '/api/rooms/%E0%A4%A/messages',
    '/api/rooms/public/messages',
    '/api/rooms/__proto__/messages',
    '/api/me/state/__proto__',
    '/api/me/state/draft:------------------------------------',
    '/api/me/state/pref:a%00',
    '/api/invitations/%00/accept',
    '/api/invitations/..%2f..%2fme/accept',
    '/api/rooms/{room}/invitations/%00',
    '/api/sessions/..%2f..%2fsetup',
    '/api/rooms/public?q=%00',
    '/api/rooms/public?q=%25%5C_',
    '/api/rooms/public?q=a&q=b',
    '/api/people?q=%00',
    '/api/people?ids=%27;DROP%20TABLE%20person;--',
    '/api/me/changes?after=1e300',
    '/api/me/changes?after=-1e300',
    '/api/me/changes?after=9007199254740993',
    '/api/rooms/{room}/events?after=1e300&limit=1e300',
    '/api/rooms/{room}/messages?around=1e300&limit=-1e300',
    '/api/rooms/{room}/messages?before=0x10&limit=0b1',
    '/api/rooms/{room}/members?after=%00',
    '/api/rooms/{room}/members?limit=NaN',
  ])('like %s is answered by name and opens nothing', async (path) => {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH']) {
      const answer = await rawRequest(method, path.replaceAll('{room}', room).replaceAll('{foreign}', foreign), eve.token);
      expect(answer.status, `${method} ${answer.text.slice(0, 300)}`).toBeLessThan(500);
      expect(answer.text).not.toContain(ann.user);
    }
  });

  it('cannot be called by another method than it is called by', async () => {
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      await target.call('POST', `/api/rooms/${room}/members/${eve.user}?_method=DELETE`, { token: eve.token, headers: { [name]: 'DELETE' } });
    }
    expect((await target.must<{ members: object[] }>('GET', `/api/rooms/${room}/members`, { token: eve.token })).members).toHaveLength(1);
    for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'OPTIONS'])
      expect((await rawRequest(method, `/api/rooms/${foreign}/messages`, eve.token)).status).toBeLessThan(500);
  });
});

describe('state of one’s own', () => {
  it('cannot be made without end', async () => {
    const mallory = await target.someone('mallory');
    const put = (name: string): Promise<Answer> => target.call('PUT', `/api/me/state/pref:${name}`, { token: mallory.token, body: { value: 1 } });
    for (let i = 0; i < LIMITS.prefKeys; i += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, j) => put(`k${i + j}`)));
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['ok']));
    }
    expect((await put('one-too-many')).code).toBe('too_large');
    expect((await put('k0')).code).toBe('ok');
  });

  it('takes JSON as it is, and no prototype of it', async () => {
    const value = { constructor: 1, toString: 'x', $set: { a: 1 }, nested: { hasOwnProperty: true } };
    await target.must('PUT', '/api/me/state/pref:odd', { token: eve.token, body: { value } });
    const { changes } = await target.must<{ changes: { key: string; value: unknown }[] }>('GET', '/api/me/changes', { token: eve.token });
    expect(changes.find(({ key }) => key === 'pref:odd')?.value).toEqual(value);
  });
});

describe('a reaction', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '$set', '{0,a}', "'||'"])('named %s is one like any other, or refused', async (emoji) => {
    const socket = await target.socket(eve.token);
    const { seq } = await target.post(socket, room, `react with ${emoji}`);
    const end = await command(socket, { type: 'reaction.add', room, clientId: randomUUID(), body: { target: seq, emoji } });
    const { text } = await target.call('GET', `/api/rooms/${room}/messages?limit=1`, { token: eve.token });
    if (end.status === 'committed') expect(text).toContain(`"reactions":${JSON.stringify({ [emoji]: [eve.user] })}`);
    else expect([end.code, text.includes('"reactions":{}')]).toEqual(['invalid', true]);
    socket.disconnect();
  });
});

describe('a time', () => {
  it('that no clock can show is not imported: it would throw wherever the room is opened', async () => {
    const bring = (time: number): Promise<Answer> =>
      target.call('POST', `/api/rooms/${room}/import`, {
        token: target.operator.token,
        body: { messages: [{ clientId: randomUUID(), author: eve.user, time, text: 'from afar' }] },
      });
    for (const time of [8.64e15 + 1, Number.MAX_SAFE_INTEGER, -1, 0.5]) expect((await bring(time)).code).toBe('invalid');
    expect((await bring(8.64e15)).code).toBe('ok');
  });
});

/** The request line exactly as it is given: fetch would tidy the path. */
function rawRequest(method: string, path: string, token: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(target.url);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }));
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\nauthorization: Bearer ${token}\r\ncontent-length: 0\r\n\r\n`);
  });
}
