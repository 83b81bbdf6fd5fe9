// A whole small story with secrets that can be recognised, at the most talkative log level: none of them is in anything that Parley or its
// Postgres prints.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, program } from '@parley/journeys';
import { LOAD_KEY_HEADER } from '@parley/protocol';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callAt, command, connect, postOf } from './target.ts';

let folder: string;
let parley: Program;
const sockets = new Set<Socket>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-secrets-'));
  parley = program(['start'], { PORT: '0', HOST: '127.0.0.1', PARLEY_DATA: join(folder, 'data'), PARLEY_LOG_LEVEL: 'trace', PARLEY_LOG_FORMAT: 'json' });
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  parley.child.kill('SIGKILL');
  await parley.ended;
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

const canary = (name: string): string => `CANARY${name}${randomUUID().replaceAll('-', '')}`;

it('prints no password, token, key, code or word of a message, whatever goes right or wrong', async () => {
  const url = (await parley.prints(/ready: (\S+)/))[1] ?? '';
  const secrets: string[] = [];
  const secret = (value: string): string => {
    secrets.push(value);
    return value;
  };
  const call = async <T = Record<string, string>>(method: string, path: string, request: Parameters<typeof callAt>[3] = {}): Promise<T> =>
    (await callAt(url, method, path, request)).body as T;
  interface Signed {
    user: { id: string };
    accessToken: string;
    refreshToken: string;
  }
  const password = secret(canary('Password'));
  const register = await call<Signed>('POST', '/api/accounts/register', { body: { handle: 'ann', password } });
  secret(register.accessToken.split('.')[2] ?? '');
  secret(register.refreshToken);
  let token = register.accessToken;

  // The same name again, a wrong password, a name that nobody has, a body that is broken, fields that are not known.
  for (const body of [
    { handle: 'ann', password: secret(canary('Again')) },
    { handle: 'ann', password: secret(canary('Extra')), role: secret(canary('Role')) },
    {
      handle: secret(canary('Handle')).toLowerCase(),
      password: secret(canary('Wrong')),
      invitation: secret(canary('Invitation')),
      setupCode: secret(canary('Code')),
    },
  ]) {
    await call('POST', '/api/accounts/register', { body });
    await call('POST', '/api/accounts/login', { body: { handle: body.handle, password: body.password } });
  }
  await call('POST', '/api/accounts/login', { raw: `{"handle":"ann","password":"${secret(canary('Broken'))}` });
  await call('POST', '/api/accounts/login', { raw: `{"handle":"ann","password":"${secret(canary('Proto'))}","__proto__":{}}` });
  await call('POST', '/api/accounts/refresh', { body: { refreshToken: secret(canary('Refresh')) } });
  await call('GET', '/api/me', { token: secret(canary('Bearer')) });
  await call('GET', `/api/people?q=${secret(canary('Query'))}`, { token });
  await call('GET', `/api/rooms/public?q=${secret(canary('Public'))}%00`, { token });
  await call('POST', `/api/invitations/${secret(canary('Accept'))}/accept`, { token });
  const next = secret(canary('Next'));
  await call('POST', '/api/me/password', { token, body: { current: secret(canary('Current')), next } });
  await call('POST', '/api/me/password', { token, body: { current: password, next } });
  const refreshed = await call<Signed>('POST', '/api/accounts/refresh', { body: { refreshToken: register.refreshToken } });
  token = refreshed.accessToken;
  secret(token.split('.')[2] ?? '');
  secret(refreshed.refreshToken);
  const { key } = await call<{ key: string }>('POST', '/api/load-keys', { token });
  secret(key);
  const headers = { [LOAD_KEY_HEADER]: key };
  const ben = await call<Signed>('POST', '/api/accounts/register', { headers, body: { handle: 'ben', password: secret(canary('Ben')) } });
  await call('POST', '/api/accounts/login', { headers: { [LOAD_KEY_HEADER]: secret(canary('LoadKey')) }, body: { handle: 'ben', password: 'x' } });
  const { code } = await call<{ code: string }>('POST', '/api/registration-invitations', { token, body: { uses: 1 } });
  secret(code);

  const { room } = await call<{ room: string }>('POST', '/api/rooms', {
    token,
    body: { kind: 'channel', name: 'a room', topic: secret(canary('Topic')), visibility: 'private', members: [ben.user.id] },
  });
  const invitation = await call<{ code: string }>('POST', `/api/rooms/${room}/invitations`, { token, body: {} });
  secret(invitation.code);
  await call('PUT', `/api/me/state/draft:${room}`, { token, body: { value: { text: secret(canary('Draft')) } } });
  await call('PUT', '/api/me/state/pref:a', { token, body: { value: secret(canary('Pref')) } });
  const socket = await connect(url, token, sockets);
  await socket.emitWithAck('resume', { me: null, rooms: {} });
  const first = await command(socket, postOf(room, secret(canary('Text'))));
  expect(first.status).toBe('committed');
  const of = (type: string, body: object) => ({ type, room, clientId: randomUUID(), body });
  for (const sent of [
    of('message.edit', { target: first.seq, text: secret(canary('Edit')) }),
    of('message.edit', { target: 999, text: secret(canary('Missing')) }),
    of('message.post', { text: secret(canary('Reply')), replyTo: 999 }),
    of('message.post', { text: `${secret(canary('Null'))}\u0000` }),
    of('message.post', { text: secret(canary('Fields')), author: 'x' }),
    of('message.delete', { target: first.seq }),
  ])
    await command(socket, sent);
  await socket.emitWithAck('auth', { token: secret(canary('Renew')) });
  await socket.emitWithAck(secret(canary('Event')), {});
  await expect(connect(url, secret(canary('Handshake')), sockets)).rejects.toThrow();
  await call('POST', `/api/rooms/${room}/import`, {
    token,
    body: { messages: [{ clientId: randomUUID(), author: ben.user.id, time: 1, text: secret(canary('Import')) }] },
  });
  await call('POST', '/api/accounts/logout', { token });

  parley.child.kill('SIGTERM');
  expect(await parley.ended).toBe(0);
  const printed = parley.stdout() + parley.stderr();
  // Postgres' own lines are among them, so it is known that the level was heard.
  expect(printed).toMatch(/database system is ready|checkpoint|listening on/i);
  expect(secrets.length).toBeGreaterThan(30);
  expect(secrets.filter((value) => value === '' || printed.toLowerCase().includes(value.toLowerCase()))).toEqual([]);
  expect(printed).not.toMatch(/CANARY/i);
});
