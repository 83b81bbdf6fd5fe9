// The closed world: every operation that there is, tried by everybody there is. An operation without a row fails, so does a row without an
// operation; whatever is refused is refused with its own code and changes nothing.
import { randomUUID } from 'node:crypto';
import { CLIENT_FRAMES, ERRORS, type ErrorCode, MemberCommand } from '@parley/protocol';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attackTarget, command, forge, type Someone, type Target } from './target.ts';

type Expected = 'ok' | ErrorCode;
/** Signed in, by what they are in the room. The operator owns the installation and is in no room. */
const SIGNED_IN = ['stranger', 'removed', 'member', 'admin', 'owner', 'operator'] as const;
type SignedIn = (typeof SIGNED_IN)[number];
/** Not signed in, and what they are told. */
const OUTSIDE = {
  anonymous: 'unauthenticated',
  garbage: 'unauthenticated',
  forged: 'unauthenticated',
  'made old': 'unauthenticated',
  ended: 'session_revoked',
} as const;

type By = Record<SignedIn, Expected>;
const all = (code: Expected, but: Partial<By> = {}): By => ({
  stranger: code,
  removed: code,
  member: code,
  admin: code,
  owner: code,
  operator: code,
  ...but,
});
/** Not theirs: neither strangers nor the removed nor the installation's owner can tell the room from one that is not there. */
const members = (member: Expected, admin: Expected, owner: Expected): By => all('not_found', { member, admin, owner });
const operatorOnly = all('forbidden', { operator: 'ok' });

interface Scene {
  readonly room: string;
  readonly people: Record<SignedIn, Someone>;
  /** A member whom the others try to act upon. */
  readonly victim: Someone;
  /** The owner's, in a message. */
  readonly file: string;
  /** Each is good for one attempt. */
  readonly invitations: string[];
}

interface Case {
  readonly what?: string;
  readonly path?: (scene: Scene) => string;
  readonly body?: (scene: Scene, who: Someone) => object;
  readonly headers?: (scene: Scene) => Record<string, string>;
  /** Told to everybody, signed in or not; else OUTSIDE and `by`. */
  readonly open?: Expected;
  readonly by?: By;
  /** Of a session that has ended already, when it is not refused. */
  readonly ended?: Expected;
  /** The session ends by it: each caller brings one of their own. */
  readonly endsSession?: boolean;
}

const TEXT = { text: 'x' };
const message = (scene: Scene): object => ({ clientId: randomUUID(), author: scene.people.stranger.user, time: 1, text: 'imported' });
const NOBODY = '00000000-0000-7000-8000-00000000dead';
const HOOK = { url: 'https://hooks.example.org/parley', events: ['message.posted'] };
const webhookOfNobody = (scene: Scene): string => `/api/rooms/${scene.room}/webhooks/${NOBODY}`;
const subscriptionAt = (endpoint: string): object => ({ endpoint, keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) } });
/** Of resumable uploads. */
const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
const creation = (room: string) => ({ ...TUS, 'upload-length': '1', 'upload-metadata': `room ${btoa(room)},name ${btoa('a.txt')}` });

/** A file of this person's, in a message of the room. */
async function fileIn(room: string, owner: Someone): Promise<string> {
  const { token } = owner;
  const begun = await fetch(`${target.url}/api/media/uploads`, { method: 'POST', headers: { authorization: `Bearer ${token}`, ...creation(room) } });
  const path = begun.headers.get('location') ?? '';
  await target.must('PATCH', path, { token, raw: 'x', headers: { ...TUS, ...PIECE } });
  const id = path.split('/').at(-1) ?? '';
  const socket = await target.socket(token);
  const attachments = [{ id, name: 'a.txt', type: 'text/plain', bytes: 1 }];
  expect(await command(socket, { type: 'message.post', room, clientId: randomUUID(), body: { text: '', attachments } })).toMatchObject({ status: 'committed' });
  socket.disconnect();
  return id;
}

const ROUTES: Record<string, readonly Case[]> = {
  'GET /health/live': [{ open: 'ok' }],
  'GET /health/ready': [{ open: 'ok' }],
  'GET /api/connect': [{ open: 'ok' }],
  'GET /api/setup': [{ open: 'ok' }],
  'GET /.well-known/jwks.json': [{ open: 'ok' }],
  'POST /api/accounts/register': [{ body: () => ({ handle: 'weak', password: 'weak' }), open: 'weak_password' }],
  'POST /api/accounts/login': [{ body: (scene) => ({ handle: scene.victim.handle, password: 'not it' }), open: 'invalid_credentials' }],
  'POST /api/accounts/refresh': [{ body: () => ({ refreshToken: 'nonsense' }), open: 'unauthenticated' }],
  'POST /api/accounts/logout': [
    { what: 'with somebody’s token that was guessed', body: () => ({ refreshToken: 'nonsense' }), open: 'unauthenticated' },
    { by: all('ok'), ended: 'ok', endsSession: true },
  ],
  'GET /api/me': [{ by: all('ok') }],
  'PATCH /api/me': [{ body: () => ({ name: 'New Name' }), by: all('ok') }],
  'POST /api/me/password': [{ body: () => ({ current: 'wrong', next: 'long enough' }), by: all('invalid_credentials') }],
  'GET /api/sessions': [{ by: all('ok') }],
  'DELETE /api/sessions/{id}': [{ what: 'of somebody else', path: (scene) => `/api/sessions/${scene.victim.session}`, by: all('not_found') }],
  'GET /api/people': [{ path: () => '/api/people?q=a', by: all('ok') }],
  'PATCH /api/setup': [{ body: () => ({ registration: 'open' }), by: operatorOnly }],
  'POST /api/registration-invitations': [{ by: operatorOnly }],
  'POST /api/load-keys': [{ by: operatorOnly }],
  'POST /api/people/import': [{ body: () => ({ people: [] }), by: operatorOnly }],
  'POST /api/me/erase': [{ body: () => ({ password: 'wrong' }), by: all('invalid_credentials') }],
  'POST /api/people/{id}/erase': [{ path: () => `/api/people/${randomUUID()}/erase`, by: all('forbidden', { operator: 'not_found' }) }],
  'GET /api/sagas/accounts': [{ by: operatorOnly }],
  'GET /api/sagas/rooms': [{ by: operatorOnly }],
  'POST /api/imports': [{ body: () => ({ name: 'brought' }), by: operatorOnly }],
  'GET /api/imports/{import}': [{ path: () => `/api/imports/${randomUUID()}`, by: all('forbidden', { operator: 'not_found' }) }],
  'PUT /api/imports/{import}/parts/{n}': [
    {
      path: () => `/api/imports/${randomUUID()}/parts/0`,
      body: () => ({ people: [{ handle: 'brought', name: 'Brought' }] }),
      by: all('forbidden', { operator: 'not_found' }),
    },
  ],
  'POST /api/imports/{import}/run': [
    { path: () => `/api/imports/${randomUUID()}/run`, body: () => ({ parts: 1 }), by: all('forbidden', { operator: 'not_found' }) },
  ],
  'DELETE /api/imports/{import}': [{ path: () => `/api/imports/${randomUUID()}`, by: all('forbidden', { operator: 'ok' }) }],
  'GET /api/me/rooms': [{ by: all('ok') }],
  'GET /api/me/changes': [{ by: all('ok') }],
  'PUT /api/me/state/{key}': [
    { what: 'of the room', path: (scene) => `/api/me/state/draft:${scene.room}`, body: () => ({ value: TEXT }), by: members('ok', 'ok', 'ok') },
    {
      what: 'that only the server writes',
      path: (scene) => `/api/me/state/room:${scene.room}`,
      body: () => ({ value: { role: 'owner' } }),
      by: all('invalid'),
    },
    { what: 'of one’s own', path: () => '/api/me/state/pref:a', body: () => ({ value: 1 }), by: all('ok') },
  ],
  'GET /api/rooms/{room}/snapshot': [{ by: members('ok', 'ok', 'ok') }],
  'GET /api/rooms/{room}/messages': [{ by: members('ok', 'ok', 'ok') }],
  'GET /api/rooms/{room}/members': [{ by: members('ok', 'ok', 'ok') }],
  'GET /api/rooms/{room}/events': [{ by: members('ok', 'ok', 'ok') }],
  'POST /api/rooms/{room}/read': [{ body: () => ({ seq: 1, n: 1 }), by: members('ok', 'ok', 'ok') }],
  'POST /api/rooms/{room}/import': [{ body: (scene) => ({ messages: [message(scene)] }), by: operatorOnly }],
  'POST /api/rooms': [{ body: () => ({ kind: 'group', name: 'mine' }), by: all('ok') }],
  'POST /api/direct': [{ body: (scene) => ({ user: scene.victim.user }), by: all('ok') }],
  'GET /api/rooms/public': [{ by: all('ok') }],
  'PATCH /api/rooms/{room}': [
    { what: 'name', body: () => ({ name: 'theirs' }), by: members('forbidden', 'ok', 'ok') },
    { what: 'topic', body: () => ({ topic: 'theirs' }), by: members('forbidden', 'ok', 'ok') },
    { what: 'archived', body: () => ({ archived: false }), by: members('forbidden', 'forbidden', 'ok') },
  ],
  'POST /api/rooms/{room}/join': [{ by: members('already_member', 'already_member', 'already_member') }],
  'POST /api/rooms/{room}/members': [{ body: (scene) => ({ users: [scene.victim.user] }), by: members('forbidden', 'ok', 'ok') }],
  'PUT /api/rooms/{room}/members/{user}': [
    { what: 'of somebody', body: () => ({ role: 'admin' }), by: members('forbidden', 'forbidden', 'ok') },
    { what: 'of oneself', path: () => '{self}', body: () => ({ role: 'owner' }), by: members('forbidden', 'forbidden', 'ok') },
  ],
  'DELETE /api/rooms/{room}/members/{user}': [
    { what: 'an owner', path: (scene) => `/api/rooms/${scene.room}/members/${scene.people.owner.user}`, by: members('forbidden', 'forbidden', 'last_owner') },
    {
      what: 'somebody who is not there',
      path: (scene) => `/api/rooms/${scene.room}/members/${scene.people.operator.user}`,
      by: members('forbidden', 'not_found', 'not_found'),
    },
  ],
  'POST /api/rooms/{room}/invitations': [{ body: () => ({}), by: members('forbidden', 'ok', 'ok') }],
  'GET /api/rooms/{room}/invitations': [{ by: members('forbidden', 'ok', 'ok') }],
  'DELETE /api/rooms/{room}/invitations/{code}': [
    {
      what: 'that is another room’s or nobody’s',
      path: (scene) => `/api/rooms/${scene.room}/invitations/other`,
      by: members('forbidden', 'not_found', 'not_found'),
    },
    { by: members('forbidden', 'ok', 'ok') },
  ],
  'POST /api/invitations/{code}/accept': [{ what: 'that does not exist', path: () => '/api/invitations/guess/accept', by: all('invitation_invalid') }],
  'GET /api/notifications/vapid': [{ open: 'ok' }],
  'GET /api/notifications/devices': [{ by: all('ok') }],
  'POST /api/notifications/devices': [
    { what: 'at a push service', body: (_, who) => ({ subscription: subscriptionAt(`https://push.example.org/${who.user}`) }), by: all('ok') },
    { what: 'at an address within', body: () => ({ subscription: subscriptionAt('https://169.254.169.254/latest') }), by: all('invalid') },
  ],
  'DELETE /api/notifications/devices/{device}': [{ what: 'of nobody', path: () => `/api/notifications/devices/${NOBODY}`, by: all('not_found') }],
  'GET /api/notifications/preferences': [{ by: all('ok') }],
  'PUT /api/notifications/preferences': [{ body: () => ({ push: true }), by: all('ok') }],
  'PUT /api/notifications/address': [{ what: 'where no mail is sent', body: () => ({ address: 'a@example.org' }), by: all('invalid') }],
  'GET /api/notifications/confirm': [{ path: () => '/api/notifications/confirm?token=guess', open: 'invalid' }],
  'GET /api/notifications/unsubscribe': [{ path: () => '/api/notifications/unsubscribe?token=a.b', open: 'invalid' }],
  'POST /api/notifications/unsubscribe': [{ path: () => '/api/notifications/unsubscribe?token=.', open: 'invalid' }],
  'GET /api/rooms/{room}/notifications': [{ by: members('ok', 'ok', 'ok') }],
  'PUT /api/rooms/{room}/notifications': [{ body: () => ({ rule: 'all' }), by: members('ok', 'ok', 'ok') }],
  'GET /api/rooms/{room}/webhooks': [{ by: members('forbidden', 'ok', 'ok') }],
  'POST /api/rooms/{room}/webhooks': [
    { body: () => HOOK, by: members('forbidden', 'ok', 'ok') },
    { what: 'to an address within', body: () => ({ ...HOOK, url: 'https://[::ffff:127.0.0.1]/' }), by: members('forbidden', 'invalid', 'invalid') },
  ],
  'PATCH /api/rooms/{room}/webhooks/{webhook}': [
    { path: webhookOfNobody, body: () => ({ enabled: true }), by: members('forbidden', 'not_found', 'not_found') },
  ],
  'DELETE /api/rooms/{room}/webhooks/{webhook}': [{ path: webhookOfNobody, by: members('forbidden', 'not_found', 'not_found') }],
  'POST /api/rooms/{room}/webhooks/{webhook}/secret': [
    { path: (scene) => `${webhookOfNobody(scene)}/secret`, by: members('forbidden', 'not_found', 'not_found') },
  ],
  'POST /api/rooms/{room}/webhooks/{webhook}/test': [{ path: (scene) => `${webhookOfNobody(scene)}/test`, by: members('forbidden', 'not_found', 'not_found') }],
  'POST /api/media/uploads': [{ headers: (scene) => creation(scene.room), by: members('ok', 'ok', 'ok') }],
  'HEAD /api/media/uploads/{id}': [{ what: 'of the owner', headers: () => TUS, by: all('not_found', { owner: 'ok' }) }],
  'PATCH /api/media/uploads/{id}': [
    { what: 'of the owner, from its start again', headers: () => ({ ...TUS, ...PIECE }), by: all('not_found', { owner: 'upload_conflict' }) },
  ],
  'DELETE /api/media/uploads/{id}': [{ what: 'that is in a message', by: all('not_found') }],
  'GET /api/media/files/{id}': [
    { by: members('ok', 'ok', 'ok') },
    {
      what: 'by a link that was made up',
      path: (scene) => `/api/media/files/${scene.file}?u=${scene.people.owner.user}&e=9999999999999&s=AAAA`,
      open: 'unauthenticated',
    },
  ],
  'GET /api/media/files/{id}/info': [{ by: members('ok', 'ok', 'ok') }],
  'GET /api/media/files/{id}/link': [{ by: members('ok', 'ok', 'ok') }],
  'GET /api/media/files/{id}/thumb': [{ what: 'of what is no picture', by: all('not_found') }],
  // Last: they end what the others need.
  'POST /api/rooms/{room}/leave': [{ by: members('ok', 'ok', 'last_owner') }],
};

/** Each frame by each; 'send' by each kind of command, sent against a message of the owner's. */
const COMMANDS: Record<string, { readonly body: (target: number) => object; readonly by: By }> = {
  'message.post': { body: () => TEXT, by: all('not_member', { member: 'ok', admin: 'ok', owner: 'ok' }) },
  'message.edit': { body: (target) => ({ target, ...TEXT }), by: all('not_member', { member: 'not_your_message', admin: 'not_your_message', owner: 'ok' }) },
  'reaction.add': { body: (target) => ({ target, emoji: '👍' }), by: all('not_member', { member: 'ok', admin: 'ok', owner: 'ok' }) },
  'reaction.remove': { body: (target) => ({ target, emoji: '👍' }), by: all('not_member', { member: 'ok', admin: 'ok', owner: 'ok' }) },
  'message.delete': { body: (target) => ({ target }), by: all('not_member', { member: 'not_your_message', admin: 'ok', owner: 'message_deleted' }) },
};
/** Asked by those who are not in the room: answered, and nothing comes of it. Presence and names are for everybody who is signed in. */
const FRAMES: Record<string, { readonly payload: (scene: Scene, who: Someone) => unknown; readonly code: Expected }> = {
  resume: { payload: (scene) => ({ me: null, rooms: { [scene.room]: { epoch: randomUUID(), seq: 1 } } }), code: 'ok' },
  read: { payload: (scene) => ({ room: scene.room, seq: 1, n: 9 }), code: 'ok' },
  typing: { payload: (scene) => ({ room: scene.room, on: true }), code: 'ok' },
  watch: { payload: (scene) => ({ people: [scene.victim.user] }), code: 'ok' },
  auth: { payload: (scene) => ({ token: scene.victim.token }), code: 'forbidden' },
  send: { payload: (scene) => ({ type: 'message.post', room: scene.room, clientId: randomUUID(), body: TEXT }), code: 'ok' },
};

let target: Target;
let scene: Scene;
let marker: Someone;
let markerSocket: Socket;
let outside: Record<keyof typeof OUTSIDE, string | undefined>;

beforeAll(async () => {
  target = await attackTarget();
  const [owner, admin, member, removed, stranger, victim, other] = await Promise.all(
    ['owner', 'admin', 'member', 'removed', 'stranger', 'victim', 'marker'].map((name) => target.someone(name)),
  );
  if (!owner || !admin || !member || !removed || !stranger || !victim || !other) throw new Error('nobody came');
  const room = await target.channel(owner, [admin, member, removed, victim, other]);
  marker = other;
  markerSocket = await target.socket(marker.token);
  await markerSocket.emitWithAck('resume', { me: null, rooms: {} });
  await target.must('PUT', `/api/rooms/${room}/members/${admin.user}`, { token: owner.token, body: { role: 'admin' } });
  await target.must('DELETE', `/api/rooms/${room}/members/${removed.user}`, { token: owner.token });
  const invitations: string[] = [];
  while (invitations.length < 20)
    invitations.push((await target.must<{ code: string }>('POST', `/api/rooms/${room}/invitations`, { token: owner.token, body: {} })).code);
  const file = await fileIn(room, owner);
  scene = { room, file, invitations, victim, people: { owner, admin, member, removed, stranger, operator: target.operator } };
  const ended = await target.login(owner);
  await target.must('POST', '/api/accounts/logout', { token: ended.token });
  outside = {
    anonymous: undefined,
    garbage: 'abc.def.ghi',
    forged: forge(stranger.token, { sub: owner.user, role: 'owner' }),
    'made old': forge(owner.token, { exp: 1_000_000_000 }),
    ended: ended.token,
  };
});
afterAll(() => target.close());

/** All that somebody without a right could have changed: the room as its owner sees it, its invitations, and each person's own state. */
async function everything(): Promise<string> {
  const ask = (path: string, who: Someone): Promise<unknown> => target.must('GET', path, { token: who.token });
  const { owner } = scene.people;
  const room = [`/api/rooms/${scene.room}/snapshot?limit=200`, `/api/rooms/${scene.room}/invitations`].map((path) => ask(path, owner));
  const states = [...Object.values(scene.people), scene.victim].map((who) => ask('/api/me/changes', who));
  return JSON.stringify(await Promise.all([...room, ...states]));
}

/** The gateway writes read marks together, in the order in which they came: when this one is told, those before it are decided. */
let marks = 0;
async function marksAreWritten(): Promise<void> {
  const n = ++marks;
  const written = new Promise<void>((resolve) => {
    const take = ({ changes }: { changes: { key: string; value: { n?: number } | null }[] }): void => {
      if (!changes.some(({ key, value }) => key === `read:${scene.room}` && (value?.n ?? 0) >= n)) return;
      markerSocket.off('state', take);
      resolve();
    };
    markerSocket.on('state', take);
  });
  await markerSocket.emitWithAck('read', { room: scene.room, seq: 1, n });
  await written;
}

function pathOf(operation: string, { path }: Case, who: Someone | null): string {
  const given = path?.(scene);
  if (given === '{self}') return `/api/rooms/${scene.room}/members/${(who ?? scene.victim).user}`;
  return (
    given ??
    (operation.split(' ')[1] ?? '')
      .replace('{room}', scene.room)
      .replace('{user}', scene.victim.user)
      .replace('{id}', scene.file)
      .replace('{code}', () => scene.invitations.pop() ?? 'no more')
  );
}

async function attempt(operation: string, tried: Case, token: string | undefined, who: Someone | null, expected: Expected, as: string): Promise<void> {
  const body = tried.body?.(scene, who ?? scene.victim);
  const answer = await target.call(operation.split(' ')[0] ?? '', pathOf(operation, tried, who), {
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
    ...(tried.headers === undefined ? {} : { headers: tried.headers(scene) }),
  });
  // The answer to HEAD has no body to say why.
  if (operation.startsWith('HEAD ')) return expect([as, answer.status]).toEqual([as, expected === 'ok' ? 200 : ERRORS[expected].http]);
  expect(`${as}: ${answer.code}`, answer.text.slice(0, 300)).toBe(`${as}: ${expected}`);
  if (expected !== 'ok') expect(answer.status).toBe(ERRORS[expected].http);
}

describe('the table', () => {
  it('has a row for every operation of the API and no other', async () => {
    const { paths } = await target.must<{ paths: Record<string, object> }>('GET', '/api/openapi.json');
    const operations = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    expect(operations.length).toBeGreaterThan(30);
    expect(Object.keys(ROUTES).sort()).toEqual(operations.sort());
  });

  it('has a row for every frame of a client, and for every command that can be sent', () => {
    expect(Object.keys(FRAMES).sort()).toEqual(Object.keys(CLIENT_FRAMES).sort());
    const types = MemberCommand.def.options.map((option) => option.shape.type.def.values[0]);
    expect(Object.keys(COMMANDS).sort()).toEqual([...types].sort());
  });
});

describe('a frame', () => {
  it.each(Object.keys(OUTSIDE) as (keyof typeof OUTSIDE)[])('is not even heard from who is %s', async (who) => {
    const before = await everything();
    await expect(target.socket(outside[who] ?? '')).rejects.toMatchObject({ data: { code: OUTSIDE[who] } });
    expect(await everything()).toBe(before);
  });

  it.each(Object.keys(FRAMES))('%s before the handshake closes the socket', async (name) => {
    const before = await everything();
    const socket = new WebSocket(`${target.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const frames: string[] = [];
    socket.on('message', (data) => frames.push(String(data)));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(`421${JSON.stringify([name, FRAMES[name]?.payload(scene, scene.people.owner)])}`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(frames.filter((frame) => !frame.startsWith('0'))).toEqual([]);
    expect(await everything()).toBe(before);
  });

  it.each(Object.keys(FRAMES))('%s of somebody who is not in the room moves nothing in it', async (name) => {
    const watcher = await target.socket(scene.people.member.token);
    await watcher.emitWithAck('resume', { me: null, rooms: {} });
    const seen: unknown[] = [];
    watcher.onAny((frame, payload) => ['event', 'typing', 'state'].includes(frame) && seen.push([frame, payload]));
    const before = await everything();
    for (const who of ['stranger', 'removed', 'operator'] as const) {
      const socket = await target.socket(scene.people[who].token);
      const frames: string[] = [];
      socket.onAny((frame) => frames.push(frame));
      if (name !== 'resume') await socket.emitWithAck('resume', { me: null, rooms: {} });
      const payload = FRAMES[name]?.payload(scene, scene.people[who]);
      const ack = await socket.emitWithAck(name, payload);
      const refused = name === 'send' && !ack.ok;
      if (!refused) expect([who, ack.ok ? 'ok' : ack.error.code]).toEqual([who, FRAMES[name]?.code]);
      if (name === 'resume') expect(ack).toMatchObject({ gone: [scene.room] });
      if (name === 'resume') expect(Object.keys(ack.rooms)).not.toContain(scene.room);
      await marksAreWritten();
      expect(frames.filter((frame) => frame === 'event')).toEqual([]);
      socket.disconnect();
    }
    expect(seen).toEqual([]);
    watcher.disconnect();
    expect(await everything()).toBe(before);
  });

  it('send is decided by what the sender is in the room', async () => {
    const { owner } = scene.people;
    const ownersSocket = await target.socket(owner.token);
    const { seq } = await target.post(ownersSocket, scene.room, 'said by the owner');
    const sockets = new Map<SignedIn, Socket>();
    for (const who of SIGNED_IN) sockets.set(who, await target.socket(scene.people[who].token));
    for (const [type, { body, by }] of Object.entries(COMMANDS)) {
      for (const who of SIGNED_IN) {
        const before = by[who] === 'ok' ? '' : await everything();
        const end = await command(sockets.get(who) as Socket, { type, room: scene.room, clientId: randomUUID(), body: body(seq ?? 0) });
        expect([type, who, end.status === 'committed' ? 'ok' : end.code]).toEqual([type, who, by[who]]);
        if (by[who] !== 'ok') expect(await everything(), `${type} by ${who}`).toBe(before);
      }
    }
  });
});

describe.each(Object.keys(ROUTES))('%s', (operation) => {
  it.each((ROUTES[operation] ?? []).map((tried) => [tried.what ?? 'to it', tried] as const))(
    '(%s) does what the table says for everybody',
    async (_, tried) => {
      const refused = SIGNED_IN.filter((who) => tried.open === undefined && tried.by?.[who] !== 'ok');
      const allowed = SIGNED_IN.filter((who) => tried.open !== undefined || tried.by?.[who] === 'ok');
      const before = await everything();
      for (const who of Object.keys(OUTSIDE) as (keyof typeof OUTSIDE)[])
        await attempt(operation, tried, outside[who], null, tried.open ?? (who === 'ended' ? tried.ended : undefined) ?? OUTSIDE[who], who);
      for (const who of refused) await attempt(operation, tried, scene.people[who].token, scene.people[who], tried.by?.[who] ?? 'internal', who);
      expect(await everything()).toBe(before);
      for (const who of allowed) {
        const person = tried.endsSession ? await target.login(scene.people[who]) : scene.people[who];
        await attempt(operation, tried, person.token, person, tried.open ?? 'ok', who);
        if (tried.endsSession) expect((await target.call('GET', '/api/me', { token: person.token })).code).toBe('session_revoked');
      }
    },
  );
});
