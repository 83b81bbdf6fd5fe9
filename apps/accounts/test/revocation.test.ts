// From a button to every other service: a session ended in accounts is refused by those who only read the log, the real one.
import { systemClock } from '@parley/ports';
import { createPostgresEventLog } from '@parley/postgres';
import { testDatabase } from '@parley/postgres/testing';
import { ParleyError, readJwks, TOPICS, type Tokens } from '@parley/protocol';
import { createRevocations, createVerifier } from '@parley/runtime';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PASSWORD, startAccounts } from './accounts-harness.ts';

test('Another service refuses an ended session soon after, and one that starts later refuses it from the beginning.', async () => {
  const { connection, drop } = await testDatabase();
  const topic = { partitions: 1, retentionMs: 3_600_000 };
  const log = await createPostgresEventLog({ connection, topics: { [TOPICS.sessionEvent]: topic, [TOPICS.accountEvent]: topic }, clock: systemClock });
  const accounts = await startAccounts({ wrapLog: () => log });
  const follow = async () => {
    const revocations = createRevocations({ log, clock: accounts.clock });
    await revocations.start();
    onTestFinished(() => revocations.stop());
    const verifier = createVerifier({ jwks: () => accounts.internal.call(readJwks, {}), revocations, clock: accounts.clock, issuer: 'test' });
    return (token: string) =>
      verifier.verify(token).then(
        () => 'welcome',
        (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
      );
  };
  onTestFinished(async () => {
    await log.close();
    await drop();
  });
  const check = await follow();
  const here = await accounts.register('ada');
  const there = (await accounts.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'ada', password: PASSWORD } })).body;
  expect([await check(here.accessToken), await check(there.accessToken)]).toEqual(['welcome', 'welcome']);

  await accounts.call('POST', '/api/me/password', { token: here.accessToken, body: { current: PASSWORD, next: 'another password' } });
  await vi.waitFor(async () => expect(await check(there.accessToken)).toBe('session_revoked'));
  expect(await check(here.accessToken)).toBe('welcome');
  // In the very second of the change: the new session is not taken for an old one.
  const again = (await accounts.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'ada', password: 'another password' } })).body;
  expect(await check(again.accessToken)).toBe('welcome');

  await accounts.call('DELETE', `/api/sessions/${here.session}`, { token: here.accessToken });
  await vi.waitFor(async () => expect(await check(here.accessToken)).toBe('session_revoked'));
  const later = await follow();
  expect(await Promise.all([here, there, again].map((tokens) => later(tokens.accessToken)))).toEqual(['session_revoked', 'session_revoked', 'welcome']);
});
