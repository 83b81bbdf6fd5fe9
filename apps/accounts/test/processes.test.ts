// Several processes of accounts on one database, and one that comes back after its end.
import { type EventLog, LogUnavailable } from '@parley/ports';
import type { Tokens } from '@parley/protocol';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PASSWORD, startAccounts } from './accounts-harness.ts';

test('Two processes that start together on an empty database have one owner, one key and one order of events.', async () => {
  const one = await startAccounts();
  const two = await startAccounts({ beside: one });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? one : two).register(`person${i}`)));
  expect(answers.filter((answer) => answer.role === 'owner')).toHaveLength(1);
  expect((await one.call('GET', '/.well-known/jwks.json')).body).toEqual((await two.call('GET', '/.well-known/jwks.json')).body);
  const ada = answers[0]!;
  expect((await one.call('GET', '/api/me', { token: ada.accessToken })).status).toBe(200);
  for (let i = 0; i < 6; i++) await (i % 2 ? one : two).call('PATCH', '/api/me', { token: ada.accessToken, body: { name: `Name ${i}` } });
  await vi.waitFor(async () => {
    await one.clock.advance(1_000);
    const versions = (await one.accountEvents())
      .filter((event) => event.user === ada.user.id)
      .map((event) => (event.type === 'person.changed' ? event.ver : 1));
    expect([...new Set(versions)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });
});

test('A race of two processes for one refresh token gives both the same successor.', async () => {
  const one = await startAccounts();
  const two = await startAccounts({ beside: one });
  const ada = await one.register('ada');
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => (i % 2 ? one : two).call<Tokens>('POST', '/api/accounts/refresh', { body: { refreshToken: ada.refreshToken } })),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
  expect(answers[0]?.body.refreshToken).not.toBe(ada.refreshToken);
});

test('What was committed and not yet told when a process ended is told by the next one; its tokens stay good.', async () => {
  const down = (real: EventLog): EventLog => ({ ...real, append: () => Promise.reject(new LogUnavailable('down')) });
  const before = await startAccounts({ wrapLog: down });
  const ada = await before.register('ada');
  await before.call('POST', '/api/accounts/login', { body: { handle: 'ada', password: PASSWORD } });
  await before.service.stop();
  expect(await before.accountEvents()).toEqual([]);

  const after = await startAccounts({ beside: before });
  await vi.waitFor(async () => expect(await after.accountEvents()).toMatchObject([{ type: 'account.created', user: ada.user.id, owner: true }]));
  expect((await after.call('GET', '/api/me', { token: ada.accessToken })).status).toBe(200);
  expect((await after.call('POST', '/api/accounts/refresh', { body: { refreshToken: ada.refreshToken } })).status).toBe(200);
});

test('An append that was taken though it seemed to fail tells an event twice, never not at all.', async () => {
  const answers = { lost: true };
  const lossy = (real: EventLog): EventLog => ({
    ...real,
    append: async (topic, entries) => {
      await real.append(topic, entries);
      if (answers.lost) throw new LogUnavailable('the answer was lost');
    },
  });
  const accounts = await startAccounts({ wrapLog: lossy });
  const ada = await accounts.register('ada');
  await vi.waitFor(async () => expect(await accounts.accountEvents()).toHaveLength(1));
  answers.lost = false;
  await vi.waitFor(async () => {
    await accounts.clock.advance(1_000);
    expect((await accounts.accountEvents()).length).toBeGreaterThan(1);
  });
  expect(new Set((await accounts.accountEvents()).map((event) => event.user))).toEqual(new Set([ada.user.id]));
});

test('While one process carries the outbox, another does not: nothing is told before what came first.', async () => {
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const slow = (real: EventLog): EventLog => ({
    ...real,
    append: async (topic, entries) => {
      entered.resolve();
      await gate.promise;
      return real.append(topic, entries);
    },
  });
  const one = await startAccounts({ wrapLog: slow });
  const two = await startAccounts({ beside: one });
  onTestFinished(() => gate.resolve());
  const ada = await one.register('ada');
  await entered.promise;
  await two.call('PATCH', '/api/me', { token: ada.accessToken, body: { name: 'Ada L.' } });
  // Time enough for the second to carry it, if it would.
  for (let i = 0; i < 10; i++) {
    await one.clock.advance(1_000);
    await two.call('GET', '/api/me', { token: ada.accessToken });
  }
  expect(await one.accountEvents()).toEqual([]);
  gate.resolve();
  await vi.waitFor(async () => {
    await one.clock.advance(1_000);
    expect((await one.accountEvents()).map((event) => event.type)).toEqual(['account.created', 'person.changed']);
  });
});

test('Who signs in while Postgres ends its connections is told to come again, and gets in with the next try.', async () => {
  const one = await startAccounts();
  await one.register('ada');
  const admin = new pg.Client({ ...one.database });
  await admin.connect();
  await admin.query('BEGIN');
  await admin.query('LOCK TABLE session IN EXCLUSIVE MODE');
  const signIn = () => one.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'ada', password: PASSWORD } });
  const cut = signIn();
  const waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  await vi.waitFor(async () => expect((await admin.query(waiting)).rows).toHaveLength(1), 10_000);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
  expect((await cut).error).toMatchObject({ code: 'unavailable' });
  await admin.end();
  expect((await signIn()).status).toBe(200);
});
