// Every operation of the API: who may, and what everybody else is told. Judged by authorization.test.ts; what is not here fails there.
import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '@parley/protocol';
import { expect } from 'vitest';
import { command, type Someone, type Target } from './target.ts';

export type Expected = 'ok' | ErrorCode;
/** Signed in, by what they are in the room. The operator owns the installation and is in no room. */
export const SIGNED_IN = ['stranger', 'removed', 'member', 'admin', 'owner', 'operator'] as const;
export type SignedIn = (typeof SIGNED_IN)[number];
/** Not signed in, and what they are told. */
export const OUTSIDE = {
  anonymous: 'unauthenticated',
  garbage: 'unauthenticated',
  forged: 'unauthenticated',
  'made old': 'unauthenticated',
  ended: 'session_revoked',
} as const;

export type By = Record<SignedIn, Expected>;
export const all = (code: Expected, but: Partial<By> = {}): By => ({
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

export interface Scene {
  readonly room: string;
  readonly people: Record<SignedIn, Someone>;
  /** A member whom the others try to act upon. */
  readonly victim: Someone;
  /** The owner's, in a message. */
  readonly file: string;
  /** Each is good for one attempt. */
  readonly invitations: string[];
}

export interface Case {
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

export const TEXT = { text: 'x' };
const message = (scene: Scene): object => ({ clientId: randomUUID(), author: scene.people.stranger.user, time: 1, text: 'imported' });
const NOBODY = '00000000-0000-7000-8000-00000000dead';
const HOOK = { url: 'https://hooks.example.org/parley', events: ['message.posted'] };
const webhookOfNobody = (scene: Scene): string => `/api/rooms/${scene.room}/webhooks/${NOBODY}`;
const subscriptionAt = (endpoint: string): object => ({ endpoint, keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) } });
/** Of resumable uploads. */
const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
const creation = (room: string) => ({ ...TUS, 'upload-length': '1', 'upload-metadata': `room ${btoa(room)},name ${btoa('a.txt')}` });

export const ROUTES: Record<string, readonly Case[]> = {
  'GET /health/live': [{ open: 'ok' }],
  'GET /health/ready': [{ open: 'ok' }],
  'GET /api/connect': [{ open: 'ok' }],
  'POST /api/telemetry/traces': [
    { what: 'with no trace in it', body: () => ({ resourceSpans: [] }), by: all('ok') },
    { what: 'with another thing in it', body: () => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }] }] }] }), by: all('invalid') },
  ],
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

/** A file of this person's, in a message of the room. */
export async function fileIn(target: Target, room: string, owner: Someone): Promise<string> {
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
