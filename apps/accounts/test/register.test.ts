// Making accounts: who is the owner, who may come in, and what is refused.
import type { Tokens } from '@parley/protocol';
import { readSetup, WELCOME_BOT } from '@parley/protocol';
import { expect, test, vi } from 'vitest';
import { PASSWORD, startAccounts } from './accounts-harness.ts';

const register = '/api/accounts/register';

test('Of twenty who register first at once exactly one becomes the owner, and all are told of.', async () => {
  const accounts = await startAccounts();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => accounts.register(`person${i}`)));
  expect(answers.filter((answer) => answer.role === 'owner')).toHaveLength(1);
  const owner = answers.find((answer) => answer.role === 'owner')!;
  await vi.waitFor(async () => expect(await accounts.accountEvents()).toHaveLength(20));
  const events = await accounts.accountEvents();
  expect(events.filter((event) => event.type === 'account.created' && event.owner).map((event) => event.user)).toEqual([owner.user.id]);
  expect(new Set(events.map((event) => event.user))).toEqual(new Set(answers.map((answer) => answer.user.id)));
});

test('Of ten who want the same handle at once one gets it and nine are told that it is taken.', async () => {
  const accounts = await startAccounts();
  await accounts.register('first');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => accounts.call<Tokens>('POST', register, { body: { handle: 'wanted', password: PASSWORD } })),
  );
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
  expect(answers.filter((answer) => answer.error?.code === 'handle_taken')).toHaveLength(9);
});

test('With a setup code only who brings it becomes the first; afterwards nobody is asked for it.', async () => {
  const accounts = await startAccounts({ config: { setupCode: 'one-time-code' } });
  expect((await accounts.call('GET', '/api/setup')).body).toEqual({ owner: false, registration: 'open', setupCodeRequired: true });
  const without = await accounts.call('POST', register, { body: { handle: 'ada', password: PASSWORD } });
  const wrong = await accounts.call('POST', register, { body: { handle: 'ada', password: PASSWORD, setupCode: 'one-time-cod' } });
  expect([without.error?.code, wrong.error?.code]).toEqual(['setup_code_required', 'setup_code_required']);
  expect(accounts.hashes()).toBe(0);
  expect((await accounts.register('ada', { setupCode: 'one-time-code' })).role).toBe('owner');
  expect((await accounts.register('ben')).role).toBe('member');
  expect((await accounts.call('GET', '/api/setup')).body).toEqual({ owner: true, registration: 'open', setupCodeRequired: false });
  expect(await accounts.internal.call(readSetup, {})).toMatchObject({ owner: true });
});

test('An invitation with three uses lets three of ten in who come at once.', async () => {
  const accounts = await startAccounts({ config: { registration: 'invite' } });
  const owner = await accounts.register('owner');
  const made = await accounts.call<{ code: string }>('POST', '/api/registration-invitations', { token: owner.accessToken, body: { uses: 3 } });
  expect(made.status).toBe(201);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      accounts.call<Tokens>('POST', register, { body: { handle: `guest${i}`, password: PASSWORD, invitation: made.body.code } }),
    ),
  );
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(3);
  expect(answers.filter((answer) => answer.error?.code === 'invitation_invalid')).toHaveLength(7);
});

test('A use of an invitation is not lost when its handle is taken, and an expired one lets nobody in.', async () => {
  const accounts = await startAccounts({ config: { registration: 'invite' } });
  const owner = await accounts.register('owner');
  const made = await accounts.call<{ code: string }>('POST', '/api/registration-invitations', { token: owner.accessToken, body: { expiresInMs: 1_000 } });
  const join = (handle: string) => accounts.call('POST', register, { body: { handle, password: PASSWORD, invitation: made.body.code } });
  expect((await join('owner')).error?.code).toBe('handle_taken');
  await accounts.clock.advance(1_000);
  expect((await join('late')).error?.code).toBe('invitation_invalid');
  accounts.clock.skew(-500);
  expect((await join('guest')).status).toBe(201);
});

test('The owner closes and opens registration; nobody else does.', async () => {
  const accounts = await startAccounts();
  const owner = await accounts.register('owner');
  const member = await accounts.register('member');
  expect((await accounts.call('PATCH', '/api/setup', { token: member.accessToken, body: { registration: 'invite' } })).error?.code).toBe('forbidden');
  expect((await accounts.call('PATCH', '/api/setup', { token: owner.accessToken, body: { registration: 'invite' } })).body).toMatchObject({
    registration: 'invite',
  });
  expect((await accounts.call('POST', register, { body: { handle: 'late', password: PASSWORD } })).error?.code).toBe('registration_closed');
  await accounts.call('PATCH', '/api/setup', { token: owner.accessToken, body: { registration: 'open' } });
  expect((await accounts.register('late')).role).toBe('member');
});

test.each([
  ['a handle with capitals', { handle: 'Ada', password: PASSWORD }, 'invalid'],
  ['a short password', { handle: 'ada', password: 'short' }, 'weak_password'],
  ['a password that is the handle', { handle: 'longhandle', password: 'LongHandle' }, 'weak_password'],
  ['a name with a line break', { handle: 'ada', password: PASSWORD, name: 'Ada\nLovelace' }, 'invalid'],
  ['a name with U+0000', { handle: 'ada', password: PASSWORD, name: 'Ada\u0000' }, 'invalid'],
  ['a field that nobody knows', { handle: 'ada', password: PASSWORD, role: 'owner' }, 'invalid'],
  ['the handle of the welcome bot', { handle: 'parley', password: PASSWORD }, 'handle_taken'],
  ['no body', undefined, 'invalid'],
])('Registering with %s is refused.', async (_, body, code) => {
  const accounts = await startAccounts();
  const answer = await accounts.call('POST', register, { body });
  expect(answer.error?.code).toBe(code);
});

test('The welcome bot is there from the beginning and cannot sign in.', async () => {
  const accounts = await startAccounts();
  const me = await accounts.register('ada');
  const people = await accounts.call('GET', `/api/people?ids=${WELCOME_BOT}`, { token: me.accessToken });
  expect(people.body).toEqual({ people: [{ id: WELCOME_BOT, handle: 'parley', name: 'Parley', ver: 1, bot: true }] });
  expect((await accounts.call('POST', '/api/accounts/login', { body: { handle: 'parley', password: PASSWORD } })).error?.code).toBe('invalid_credentials');
});
