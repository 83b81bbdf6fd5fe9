// People, profiles, load keys and the relay; and that nothing secret is ever logged.
import { type EventLog, LogUnavailable } from '@parley/ports';
import { knownPeople, makeLoadKey, type Person, readJwks, type Tokens } from '@parley/protocol';
import { createVerifier } from '@parley/runtime';
import { expect, test, vi } from 'vitest';
import { PASSWORD, startAccounts } from './accounts-harness.ts';

type PeopleBody = { people: Person[] };

test('People are found by ids and by the beginning of handle or name; what LIKE means is taken literally.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada', { name: 'Countess of Lovelace' });
  await accounts.register('charles_b');
  const find = async (query: string) =>
    (await accounts.call<PeopleBody>('GET', `/api/people?${query}`, { token: ada.accessToken })).body.people.map((p) => p.handle);
  expect(await find(`ids=${ada.user.id},00000000-0000-7000-8000-00000000dead`)).toEqual(['ada']);
  expect(await find('q=COUNT')).toEqual(['ada']);
  expect(await find('q=charles_')).toEqual(['charles_b']);
  expect(await find('q=%25')).toEqual([]);
  expect(await find('q=_da')).toEqual([]);
  const neither = await accounts.call('GET', '/api/people', { token: ada.accessToken });
  const bad = await accounts.call('GET', '/api/people?ids=1', { token: ada.accessToken });
  const nobody = await accounts.call('GET', '/api/people?q=a');
  expect([neither.error?.code, bad.error?.code, nobody.error?.code]).toEqual(['invalid', 'invalid', 'unauthenticated']);
});

test('A changed name has a new version and is told of.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const changed = await accounts.call<{ user: Person }>('PATCH', '/api/me', { token: ada.accessToken, body: { name: 'Ada L.' } });
  expect(changed.body.user).toMatchObject({ name: 'Ada L.', ver: 2 });
  await vi.waitFor(async () => expect((await accounts.accountEvents()).at(-1)).toMatchObject({ type: 'person.changed', user: ada.user.id, ver: 2 }));
});

test('The owner brings people over who cannot sign in; bringing them again makes nobody twice.', async () => {
  const accounts = await startAccounts();
  const owner = await accounts.register('owner');
  const member = await accounts.register('member');
  const body = {
    people: [
      { handle: 'zoe', name: 'Zoe' },
      { handle: 'owner', name: 'Other' },
      { handle: 'amy', name: 'Amy' },
    ],
  };
  const bring = (token: string) => accounts.call<PeopleBody>('POST', '/api/people/import', { token, body });
  expect((await bring(member.accessToken)).error?.code).toBe('forbidden');
  const first = await bring(owner.accessToken);
  expect(first.body.people.map((person) => [person.handle, person.name])).toEqual([
    ['zoe', 'Zoe'],
    ['owner', 'owner'],
    ['amy', 'Amy'],
  ]);
  expect((await bring(owner.accessToken)).body).toEqual(first.body);
  expect((await accounts.call('POST', '/api/accounts/login', { body: { handle: 'zoe', password: PASSWORD } })).error?.code).toBe('invalid_credentials');
});

test('A load key makes sessions of class load that no limit slows down; a key that is not ours is refused.', async () => {
  const accounts = await startAccounts();
  const owner = await accounts.register('owner');
  const fromOwner = await accounts.call<{ key: string }>('POST', '/api/load-keys', { token: owner.accessToken });
  const fromMachine = await accounts.internal.call(makeLoadKey, {});
  const verifier = createVerifier({ jwks: () => accounts.internal.call(readJwks, {}), clock: accounts.clock, issuer: 'test' });
  for (const loadKey of [fromOwner.body.key, fromMachine.key]) {
    const answer = await accounts.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'owner', password: PASSWORD }, loadKey });
    expect(await verifier.verify(answer.body.accessToken)).toMatchObject({ cls: 'load', role: 'owner', sid: answer.body.session });
    const refreshed = await accounts.call<Tokens>('POST', '/api/accounts/refresh', { body: { refreshToken: answer.body.refreshToken } });
    expect((await verifier.verify(refreshed.body.accessToken)).cls).toBe('load');
  }
  expect((await verifier.verify(owner.accessToken)).cls).toBe('person');
  const tries = await Promise.all(
    Array.from({ length: 25 }, () => accounts.call('POST', '/api/accounts/login', { body: { handle: 'owner', password: 'guess' }, loadKey: fromMachine.key })),
  );
  expect(new Set(tries.map((answer) => answer.error?.code))).toEqual(new Set(['invalid_credentials']));
  expect((await accounts.call('POST', '/api/accounts/login', { body: { handle: 'owner', password: PASSWORD }, loadKey: 'plk_wrong' })).error?.code).toBe(
    'forbidden',
  );
});

test('Other services ask which people there are.', async () => {
  const accounts = await startAccounts();
  const ada = await accounts.register('ada');
  const known = await accounts.internal.call(knownPeople, { ids: [ada.user.id, '00000000-0000-7000-8000-00000000dead'] });
  expect(known.ids).toEqual([ada.user.id]);
});

test('What the log does not take is kept, told as a problem, and carried in order once it takes it.', async () => {
  const log = { down: true };
  const breaking = (real: EventLog): EventLog => ({
    ...real,
    append: (topic, entries) => (log.down ? Promise.reject(new LogUnavailable('down')) : real.append(topic, entries)),
  });
  const accounts = await startAccounts({ wrapLog: breaking });
  const ada = await accounts.register('ada');
  for (const name of ['A', 'B', 'C']) await accounts.call('PATCH', '/api/me', { token: ada.accessToken, body: { name } });
  await vi.waitFor(() => expect(accounts.service.problems?.()).toHaveLength(1));
  log.down = false;
  await vi.waitFor(async () => {
    await accounts.clock.advance(1_000);
    expect((await accounts.accountEvents()).map((event) => (event.type === 'person.changed' ? event.ver : 1))).toEqual([1, 2, 3, 4]);
  });
  await vi.waitFor(() => expect(accounts.service.problems?.()).toEqual([]));
});

test('Nothing secret is in the logs, whatever goes right or wrong.', async () => {
  const accounts = await startAccounts();
  const canary = 'canary-password-1234';
  const ada = (await accounts.call<Tokens>('POST', '/api/accounts/register', { body: { handle: 'ada', password: canary } })).body;
  await accounts.call('POST', '/api/accounts/login', { body: { handle: 'ada', password: `${canary}x` } });
  await accounts.call('POST', '/api/accounts/login', { body: { handle: 5, password: canary } });
  const next = (await accounts.call<Tokens>('POST', '/api/accounts/refresh', { body: { refreshToken: ada.refreshToken } })).body;
  await accounts.call('POST', '/api/me/password', { token: next.accessToken, body: { current: canary, next: `${canary}-new` } });
  // The database is gone from here on: every path that can fail does, and is logged.
  await accounts.service.stop();
  const failed = await accounts.call('POST', '/api/accounts/login', { body: { handle: 'ada', password: canary } });
  expect(failed.status).toBeGreaterThanOrEqual(500);
  const logged = accounts.lines.join('\n');
  for (const secret of ['canary', ada.accessToken, ada.refreshToken, next.accessToken, next.refreshToken, '$argon2id$']) expect(logged).not.toContain(secret);
});
