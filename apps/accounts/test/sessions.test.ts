// Sessions: signing in, refreshing with rotation and its grace, ending them, and that others learn of it.
import { systemRng } from '@parley/ports';
import type { Tokens } from '@parley/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createPasswordHasher } from '../src/credentials/passwords.ts';
import { openDatabase } from '../src/store/store.ts';
import { findByHandle } from '../src/store/store-people.ts';
import { type Harness, PASSWORD, startAccounts } from './accounts-harness.ts';

const login = (accounts: Harness, body: object, options: object = {}) => accounts.call<Tokens>('POST', '/api/accounts/login', { body, ...options });
const refresh = (accounts: Harness, refreshToken: string) => accounts.call<Tokens>('POST', '/api/accounts/refresh', { body: { refreshToken } });
const me = (accounts: Harness, token: string) => accounts.call<{ user: { handle: string } }>('GET', '/api/me', { token });

test('A name is compared without case at sign-in, and a wrong password or name is one and the same refusal.', async () => {
  const accounts = await startAccounts();
  await accounts.register('ada');
  expect((await login(accounts, { handle: 'ADA', password: PASSWORD })).body.user.handle).toBe('ada');
  const wrong = await login(accounts, { handle: 'ada', password: 'wrong password' });
  const nobody = await login(accounts, { handle: 'nobody', password: PASSWORD });
  expect(wrong.body).toEqual(nobody.body);
  expect(wrong.error?.code).toBe('invalid_credentials');
});

test('A name that nobody has costs the same hash as one that somebody has.', async () => {
  const accounts = await startAccounts();
  await accounts.register('ada');
  const before = accounts.hashes();
  await login(accounts, { handle: 'nobody', password: PASSWORD });
  expect(accounts.hashes() - before).toBe(1);
  await login(accounts, { handle: 'ada', password: 'wrong password' });
  expect(accounts.hashes() - before).toBe(2);
});

test('An access token opens what is mine for ten minutes and not a moment longer.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  await accounts.clock.advance(599_999 - 1_000);
  expect((await me(accounts, ada.accessToken)).body.user.handle).toBe('ada');
  await accounts.clock.advance(2_000);
  expect((await me(accounts, ada.accessToken)).error?.code).toBe('token_expired');
  const next = await refresh(accounts, ada.refreshToken);
  expect((await me(accounts, next.body.accessToken)).status).toBe(200);
});

test('Two tabs that refresh at once get the same successor, and so does one whose answer was lost.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const [a, b] = await Promise.all([refresh(accounts, ada.refreshToken), refresh(accounts, ada.refreshToken)]);
  expect(a.status).toBe(200);
  expect(b.body.refreshToken).toBe(a.body.refreshToken);
  await accounts.clock.advance(59_000);
  expect((await refresh(accounts, ada.refreshToken)).body.refreshToken).toBe(a.body.refreshToken);
  expect((await refresh(accounts, a.body.refreshToken)).status).toBe(200);
  expect(await accounts.sessionEvents()).toEqual([]);
});

test('A refresh token used again after its grace ends the session for both holders, and the others are told.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const next = await refresh(accounts, ada.refreshToken);
  await accounts.clock.advance(60_001);
  expect((await refresh(accounts, ada.refreshToken)).error?.code).toBe('refresh_reused');
  expect((await refresh(accounts, next.body.refreshToken)).error?.code).toBe('session_revoked');
  expect((await me(accounts, next.body.accessToken)).error?.code).toBe('session_revoked');
  await vi.waitFor(async () => expect(await accounts.sessionEvents()).toMatchObject([{ type: 'session.revoked', session: ada.session, user: ada.user.id }]));
});

test('Once the successor was used the token before it is stolen goods, also within the minute.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const second = await refresh(accounts, ada.refreshToken);
  await refresh(accounts, second.body.refreshToken);
  expect((await refresh(accounts, ada.refreshToken)).error?.code).toBe('refresh_reused');
  // The one before the newest still has its grace, but its session is over.
  expect((await refresh(accounts, second.body.refreshToken)).error?.code).toBe('session_revoked');
});

test('A refresh token that we did not make ends nothing.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const [session, number, mac = ''] = ada.refreshToken.split('.');
  const forged = [`${session}.${number}.${mac.slice(0, -2)}AA`, `${session}.7.${mac}`, 'nonsense', ''];
  for (const token of forged) expect((await refresh(accounts, token)).error?.code).toBe('unauthenticated');
  expect((await refresh(accounts, ada.refreshToken)).status).toBe(200);
});

test('A changed password ends every other session at once, tells it, and lets this one live.', async () => {
  const accounts = await startAccounts();
  const here = await accounts.register('ada');
  const there = (await login(accounts, { handle: 'ada', password: PASSWORD, device: 'phone' })).body;
  const change = (body: object) => accounts.call('POST', '/api/me/password', { token: here.accessToken, body });
  expect((await change({ current: 'not it', next: 'another password' })).error?.code).toBe('invalid_credentials');
  expect((await change({ current: PASSWORD, next: 'short' })).error?.code).toBe('weak_password');
  expect((await change({ current: PASSWORD, next: 'another password' })).status).toBe(204);

  expect((await me(accounts, there.accessToken)).error?.code).toBe('session_revoked');
  expect((await refresh(accounts, there.refreshToken)).error?.code).toBe('session_revoked');
  expect((await me(accounts, here.accessToken)).status).toBe(200);
  expect((await login(accounts, { handle: 'ada', password: PASSWORD })).error?.code).toBe('invalid_credentials');
  expect((await login(accounts, { handle: 'ada', password: 'another password' })).status).toBe(200);
  await vi.waitFor(async () =>
    expect(await accounts.sessionEvents()).toMatchObject([
      { type: 'session.revoked', session: there.session },
      { type: 'user.revoked', user: here.user.id, except: here.session },
    ]),
  );
});

test('I see where I am signed in, and end one of them; those of others are not there for me.', async () => {
  const accounts = await startAccounts();
  const here = await accounts.register('ada', { device: 'laptop' });
  const phone = (await login(accounts, { handle: 'ada', password: PASSWORD, device: 'phone' })).body;
  const ben = await accounts.register('ben');
  const list = () => accounts.call<{ sessions: { id: string; device: string; current: boolean }[] }>('GET', '/api/sessions', { token: here.accessToken });
  expect((await list()).body.sessions.map((session) => [session.device, session.current]).sort()).toEqual([
    ['laptop', true],
    ['phone', false],
  ]);
  const end = (id: string) => accounts.call('DELETE', `/api/sessions/${id}`, { token: here.accessToken });
  expect((await end(ben.session)).error?.code).toBe('not_found');
  expect((await end('not-an-id')).error?.code).toBe('invalid');
  expect((await end(phone.session)).status).toBe(204);
  expect((await end(phone.session)).error?.code).toBe('not_found');
  expect((await list()).body.sessions).toHaveLength(1);
  expect((await me(accounts, phone.accessToken)).error?.code).toBe('session_revoked');
});

test('Logging out works with the access token, and with the refresh token when the other has run out.', async () => {
  const accounts = await startAccounts();
  const first = await accounts.register('ada');
  const second = (await login(accounts, { handle: 'ada', password: PASSWORD })).body;
  expect((await accounts.call('POST', '/api/accounts/logout', { token: first.accessToken })).status).toBe(204);
  await accounts.clock.advance(600_000);
  expect((await accounts.call('POST', '/api/accounts/logout', { token: second.accessToken })).error?.code).toBe('token_expired');
  expect((await accounts.call('POST', '/api/accounts/logout', { body: { refreshToken: second.refreshToken } })).status).toBe(204);
  expect((await refresh(accounts, second.refreshToken)).error?.code).toBe('session_revoked');
  await vi.waitFor(async () => expect((await accounts.sessionEvents()).map((event) => event.type)).toEqual(['session.revoked', 'session.revoked']));
});

test('A session that nobody used for two months is over.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  accounts.clock.skew(61 * 24 * 3_600_000);
  expect((await refresh(accounts, ada.refreshToken)).error?.code).toBe('session_revoked');
});

test('Who tries one name too often has to wait, and nobody else does; a forwarded address does not help.', async () => {
  const accounts = await startAccounts();
  await accounts.register('ada');
  const attempts = [];
  for (let i = 0; i < 21; i++) {
    attempts.push(await login(accounts, { handle: 'ada', password: 'guess' }, { address: '10.0.0.1', headers: { 'x-forwarded-for': `10.1.0.${i}` } }));
  }
  expect(attempts.slice(0, 20).every((attempt) => attempt.error?.code === 'invalid_credentials')).toBe(true);
  expect(attempts[20]?.error?.code).toBe('slow_down');
  expect(attempts[20]?.error?.retryAfterMs).toBeGreaterThan(0);
  expect((await login(accounts, { handle: 'ada', password: PASSWORD }, { address: '10.0.0.1' })).error?.code).toBe('slow_down');
  expect((await login(accounts, { handle: 'ada', password: PASSWORD }, { address: '10.0.0.2' })).status).toBe(200);
});

test('A password hashed with older parameters is hashed anew at sign-in, and still fits.', async () => {
  const accounts = await startAccounts();
  await accounts.register('ada');
  const light = createPasswordHasher({ rng: systemRng, parameters: { memoryKib: 64, passes: 1, parallelism: 1 } });
  const database = openDatabase(accounts.database);
  onTestFinished(() => database.$disconnect());
  const kept = async () => (await findByHandle(database, 'ada'))?.passwordHash;
  const old = await light.hash(PASSWORD);
  await database.person.update({ where: { handle: 'ada' }, data: { passwordHash: old } });
  expect((await login(accounts, { handle: 'ada', password: 'wrong password' })).error?.code).toBe('invalid_credentials');
  expect(await kept()).toBe(old);
  expect((await login(accounts, { handle: 'ada', password: PASSWORD })).status).toBe(200);
  expect(await kept()).toContain('m=19456');
  expect((await login(accounts, { handle: 'ada', password: PASSWORD })).status).toBe(200);
});

test('No session goes on that began with a password that was being changed in the same moment.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const before = accounts.hashes();
  const change = accounts.call('POST', '/api/me/password', { token: ada.accessToken, body: { current: PASSWORD, next: 'another password' } });
  // The new password is being hashed: who signs in now is checked against the old one, and is done after the change.
  await vi.waitFor(() => expect(accounts.hashes() - before).toBe(2), { interval: 1 });
  const logins = await Promise.all(Array.from({ length: 4 }, () => login(accounts, { handle: 'ada', password: PASSWORD })));
  expect((await change).status).toBe(204);
  // Who was quicker than the change is signed in, and signed out by it.
  for (const { status, body, error } of logins) {
    if (status === 200) expect((await refresh(accounts, body.refreshToken)).error?.code).toBe('session_revoked');
    else expect(error?.code).toBe('invalid_credentials');
  }
});

test('A name or a search that Postgres cannot hold is refused like any other, and breaks nothing.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const before = accounts.hashes();
  expect((await login(accounts, { handle: 'ada\u0000', password: PASSWORD })).error?.code).toBe('invalid_credentials');
  expect((await login(accounts, { handle: '\ud800', password: PASSWORD })).error?.code).toBe('invalid_credentials');
  expect(accounts.hashes() - before).toBe(2);
  expect((await accounts.call('GET', '/api/people?q=%00', { token: ada.accessToken })).error?.code).toBe('invalid');
});

test('One address registers sixty times a minute, not more; another still may.', async () => {
  const accounts = await startAccounts();
  const attempt = async (address: string) =>
    (await accounts.call('POST', '/api/accounts/register', { body: { handle: 'ada', password: 'short' }, address })).error?.code;
  const codes = [];
  for (let i = 0; i < 61; i++) codes.push(await attempt('10.0.0.1'));
  expect(codes).toEqual([...Array(60).fill('weak_password'), 'slow_down']);
  expect(await attempt('10.0.0.2')).toBe('weak_password');
});
