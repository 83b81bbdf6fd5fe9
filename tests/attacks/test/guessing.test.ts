// Guessing: names, passwords, rooms, keys. No answer tells a right guess from a wrong one, and who guesses is slowed down without anybody else.
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { LOAD_KEY_HEADER } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, attackTarget, type Someone, type Target } from './target.ts';

let target: Target;
let ann: Someone;
let ben: Someone;
let eve: Someone;
let room: string;

beforeAll(async () => {
  target = await attackTarget();
  ann = await target.someone('ann');
  ben = await target.someone('ben');
  eve = await target.someone('eve');
  room = await target.channel(ann);
});
afterAll(() => target.close());

/** A POST from another address of this machine: all of 127/8 is loopback. */
function from(
  address: string,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string; retryAfterMs: number }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${target.url}${path}`,
      { method: 'POST', localAddress: address, agent: false, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => {
          const { error } = JSON.parse(text) as { error?: { code: string; retryAfterMs?: number } };
          resolve({ status: response.statusCode ?? 0, code: error?.code ?? 'ok', retryAfterMs: error?.retryAfterMs ?? 0 });
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const login = (address: string, handle: string, password: string, headers?: Record<string, string>) =>
  from(address, '/api/accounts/login', { handle, password }, headers);

describe('who guesses a name', () => {
  it('is told the same by login, whether anybody has it or not', async () => {
    const guess = (handle: string): Promise<Answer> => target.call('POST', '/api/accounts/login', { body: { handle, password: 'a wrong password' } });
    const [taken, free] = [await guess(ann.handle), await guess('nobody-has-this')];
    expect(taken.code).toBe('invalid_credentials');
    expect([free.status, free.text]).toEqual([taken.status, taken.text]);
  });

  it('and the password of the bot gets no further: it has none', async () => {
    const { people } = await target.must<{ people: { handle: string; bot: boolean }[] }>('GET', '/api/people?q=parley', { token: eve.token });
    expect(people).toMatchObject([{ handle: 'parley', bot: true }]);
    for (const password of ['parley', ' ', 'null']) expect((await login('127.0.0.2', 'parley', password)).code).toBe('invalid_credentials');
  });
});

describe('who guesses the id of a room', () => {
  const asks: readonly (readonly [string, string, object?])[] = [
    ['GET', 'messages'],
    ['GET', 'snapshot'],
    ['GET', 'events'],
    ['GET', 'members'],
    ['GET', 'invitations'],
    ['POST', 'read', { seq: 1, n: 1 }],
    ['POST', 'join'],
    ['POST', 'leave'],
    ['POST', 'members', { users: [] as string[] }],
    ['POST', 'invitations', {}],
  ];
  const ask = async ([method, what, body]: (typeof asks)[number], id: string): Promise<string> => {
    const members = what === 'members' && method === 'POST' ? { users: [eve.user] } : body;
    const answer = await target.call(method, `/api/rooms/${id}/${what}`, { token: eve.token, ...(members === undefined ? {} : { body: members }) });
    return `${answer.status} ${answer.text}`;
  };

  it('is told the same 200 times as for one that is somebody’s: same status, same bytes', async () => {
    for (const asked of asks) {
      const foreign = await ask(asked, room);
      expect(foreign, asked.join(' ')).toContain('"not_found"');
      const guesses = await Promise.all(Array.from({ length: 20 }, () => ask(asked, randomUUID())));
      expect(new Set(guesses), asked.join(' ')).toEqual(new Set([foreign]));
    }
  });

  it('is told the same by the socket', async () => {
    const socket = await target.socket(eve.token);
    const posted = [await target.post(socket, room, 'x'), await target.post(socket, randomUUID(), 'x')];
    expect(posted[0]).toMatchObject({ code: 'not_member' });
    expect(posted[1]?.code).toBe(posted[0]?.code);
    const ids = [room, randomUUID()];
    const rooms = Object.fromEntries(ids.map((id) => [id, { epoch: randomUUID(), seq: 1 }]));
    expect((await socket.emitWithAck('resume', { me: null, rooms })).gone.sort()).toEqual([...ids].sort());
    socket.disconnect();
  });
});

describe('who guesses a password', () => {
  it('is slowed down, told how long, and locks out neither that person nor anybody else', async () => {
    const guesses = await Promise.all(Array.from({ length: 40 }, (_, i) => login('127.0.0.3', ann.handle, `guess ${i}`)));
    expect(guesses.filter(({ code }) => code === 'invalid_credentials')).toHaveLength(20);
    const slowed = guesses.filter(({ code }) => code === 'slow_down');
    expect(slowed).toHaveLength(20);
    for (const { status, retryAfterMs } of slowed) expect([status, retryAfterMs > 0 && retryAfterMs <= 60_000]).toEqual([429, true]);
    // The right password does not help who was slowed down; its owner, elsewhere, is not.
    expect((await login('127.0.0.3', ann.handle, ann.password)).code).toBe('slow_down');
    expect((await login('127.0.0.3', ann.handle.toUpperCase(), ann.password)).code).toBe('slow_down');
    expect((await login('127.0.0.4', ann.handle, ann.password)).code).toBe('ok');
    expect((await login('127.0.0.3', ben.handle, ben.password)).code).toBe('ok');
  });

  it('gets no fresh budget from headers that name another address', async () => {
    const forwarded = (i: number): Record<string, string> => ({
      'x-forwarded-for': `10.0.0.${i}`,
      forwarded: `for=10.0.0.${i}`,
      'x-real-ip': `10.0.0.${i}`,
      'x-client-ip': `10.0.0.${i}`,
      'cf-connecting-ip': `10.0.0.${i}`,
    });
    const guesses = await Promise.all(Array.from({ length: 30 }, (_, i) => login('127.0.0.5', ben.handle, `guess ${i}`, forwarded(i))));
    expect(guesses.filter(({ code }) => code === 'slow_down')).toHaveLength(10);
  });

  it('of many names from one address is slowed by the address', async () => {
    const guesses = await Promise.all(Array.from({ length: 130 }, (_, i) => login('127.0.0.6', `name-${i}`, 'password')));
    expect(guesses.filter(({ code }) => code === 'slow_down')).toHaveLength(10);
    expect((await login('127.0.0.7', ben.handle, ben.password)).code).toBe('ok');
  });

  it('through the password form of a stolen session is slowed as well', async () => {
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, i) =>
        target.call('POST', '/api/me/password', { token: eve.token, body: { current: `guess ${i}`, next: 'a new password' } }),
      ),
    );
    expect(answers.filter(({ code }) => code === 'slow_down')).toHaveLength(5);
  });
});

describe('who registers without end', () => {
  it('is slowed by address, whatever the headers say, and others still come in', async () => {
    // A password that is refused costs no hash: what is measured is the limit.
    const answers = await Promise.all(
      Array.from({ length: 70 }, (_, i) =>
        from('127.0.0.8', '/api/accounts/register', { handle: `flood-${i}`, password: 'x' }, { 'x-forwarded-for': `10.1.0.${i}` }),
      ),
    );
    expect(answers.filter(({ code }) => code === 'weak_password')).toHaveLength(60);
    expect(answers.filter(({ code, retryAfterMs }) => code === 'slow_down' && retryAfterMs > 0)).toHaveLength(10);
    expect((await from('127.0.0.9', '/api/accounts/register', { handle: 'a-guest', password: 'a long password' })).code).toBe('ok');
  });
});

describe('a load key', () => {
  const classOf = (token: string): unknown => (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { cls: unknown }).cls;

  it('is what makes sessions of class load, and nothing else does', async () => {
    const plain = await target.login(ben, { 'x-parley-class': 'load', 'user-agent': 'k6' });
    const keyed = await target.login(ben);
    const empty = await target.login(ben, { [LOAD_KEY_HEADER]: '' });
    expect([plain, keyed, empty].map(({ token }) => classOf(token))).toEqual(['person', 'load', 'person']);
    const refreshed = await target.must<{ accessToken: string }>('POST', '/api/accounts/refresh', {
      body: { refreshToken: plain.refreshToken },
      headers: { [LOAD_KEY_HEADER]: target.loadKey },
    });
    expect(classOf(refreshed.accessToken)).toBe('person');
  });

  it('that is wrong is refused, with the right password and before anything is tried', async () => {
    for (const key of ['plk_guess', `${target.loadKey}x`, target.loadKey.slice(0, -1), "' OR 1=1 --", target.loadKey.toLowerCase()]) {
      const answer = await target.call('POST', '/api/accounts/login', {
        body: { handle: ben.handle, password: ben.password },
        headers: { [LOAD_KEY_HEADER]: key },
      });
      expect([answer.status, answer.code]).toEqual([403, 'forbidden']);
    }
  });

  it('cannot be made, and the door cannot be opened, by a token that says owner', async () => {
    const forged = await target.call('POST', '/api/load-keys', {
      token: `${eve.token.split('.')[0]}.${target.operator.token.split('.')[1]}.${eve.token.split('.')[2]}`,
    });
    expect(forged.code).toBe('unauthenticated');
    const head = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const unsigned = `${head}.${target.operator.token.split('.')[1]}.`;
    for (const token of [unsigned, unsigned.slice(0, -1), `${head}.${target.operator.token.split('.').slice(1).join('.')}`])
      expect((await target.call('GET', '/api/me', { token })).code).toBe('unauthenticated');
    // The public key taken for a shared secret.
    const { keys } = await target.must<{ keys: { x: string; kid: string }[] }>('GET', '/.well-known/jwks.json');
    const { createHmac } = await import('node:crypto');
    const hs = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: keys[0]?.kid })).toString('base64url');
    const signed = `${hs}.${target.operator.token.split('.')[1]}`;
    const mac = createHmac('sha256', Buffer.from(keys[0]?.x ?? '', 'base64url'))
      .update(signed)
      .digest('base64url');
    expect((await target.call('GET', '/api/me', { token: `${signed}.${mac}` })).code).toBe('unauthenticated');
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });
});
