// The closed world: every operation that there is, tried by everybody there is. An operation without a row fails, so does a row without an
// operation; whatever is refused is refused with its own code and changes nothing.
import { randomUUID } from 'node:crypto';
import { CLIENT_FRAMES, ERRORS, MemberCommand } from '@parley/protocol';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { all, type By, type Case, type Expected, fileIn, OUTSIDE, ROUTES, type Scene, SIGNED_IN, type SignedIn, TEXT } from './operations.ts';
import { attackTarget, command, forge, type Someone, type Target } from './target.ts';

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
  const file = await fileIn(target, room, owner);
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
