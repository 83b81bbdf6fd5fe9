// An account is erased: at once nobody is signed in as it and its name is gone, and the other services follow whatever dies on the way.
import {
  type Contract,
  eraseFromMedia,
  eraseFromMessages,
  eraseFromNotifications,
  eraseFromRooms,
  ParleyError,
  type Sagas,
  type Tokens,
} from '@parley/protocol';
import { answer, type InternalHandler } from '@parley/runtime';
import { expect, test, vi } from 'vitest';
import type { z } from 'zod/mini';
import { type Harness, PASSWORD, startAccounts } from './accounts-harness.ts';

type Listed = z.infer<typeof Sagas>;
type Reply = (service: string) => { done: boolean } | Promise<{ done: boolean }>;

/** The services as accounts sees them. `asked`: which, in order. */
function services(reply: Reply = () => ({ done: true })) {
  const asked: string[] = [];
  const sagas = new Set<string>();
  const others: InternalHandler[] = [eraseFromRooms, eraseFromMessages, eraseFromMedia, eraseFromNotifications].map((contract: Contract) =>
    answer(contract, async (request) => {
      const name = contract.name.split('.')[0] as string;
      asked.push(name);
      sagas.add((request as { saga: string }).saga);
      return reply(name);
    }),
  );
  return { others, asked, sagas };
}

const open = async (world: Harness, owner: Tokens): Promise<Listed['sagas']> =>
  (await world.call<Listed>('GET', '/api/sagas/accounts?open=true', { token: owner.accessToken })).body.sagas;

/** Lets time pass until no saga is open. */
async function untilDone(world: Harness, owner: Tokens): Promise<void> {
  await vi.waitFor(
    async () => {
      await world.clock.advance(1_000);
      expect(await open(world, owner)).toEqual([]);
    },
    { timeout: 20_000, interval: 5 },
  );
}

test('Whoever erases their account is signed out everywhere at once, has no name any more, and each service is asked in turn.', async () => {
  const { others, asked, sagas } = services();
  const world = await startAccounts({ others });
  const owner = await world.register('alice');
  const bob = await world.register('bob', { name: 'Bob the Builder' });
  const second = (await world.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'bob', password: PASSWORD } })).body;
  const erased = await world.call<{ saga: string }>('POST', '/api/me/erase', { token: bob.accessToken, body: { password: PASSWORD } });
  expect(erased.status).toBe(202);
  for (const token of [bob.accessToken, second.accessToken]) expect((await world.call('GET', '/api/me', { token })).error?.code).toBe('session_revoked');
  expect((await world.call('POST', '/api/accounts/login', { body: { handle: 'bob', password: PASSWORD } })).error?.code).toBe('invalid_credentials');
  expect((await world.call('POST', '/api/accounts/refresh', { body: { refreshToken: bob.refreshToken } })).error?.code).toBe('session_revoked');
  const people = await world.call<{ people: object[] }>('GET', `/api/people?ids=${bob.user.id}`, { token: owner.accessToken });
  expect(JSON.stringify(people.body)).toContain('Deleted person');
  expect(JSON.stringify(people.body).toLowerCase()).not.toContain('bob');
  await untilDone(world, owner);
  expect(asked).toEqual(['rooms', 'messages', 'media', 'notifications']);
  expect([...sagas]).toEqual([erased.body.saga]);
  await vi.waitFor(async () => expect((await world.sessionEvents()).map((event) => event.type)).toContain('user.revoked'));
  expect((await world.accountEvents()).filter((event) => event.type === 'person.changed')).toHaveLength(1);
  // The name is free again, for somebody else.
  expect((await world.register('bob')).user.id).not.toBe(bob.user.id);
});

test('The wrong password erases nothing, the owner of the installation and the bot stay, and only the owner erases others.', async () => {
  const { others, asked } = services();
  const world = await startAccounts({ others });
  const owner = await world.register('alice');
  const bob = await world.register('bob');
  const carol = await world.register('carol');
  const erase = (token: string, password: string) => world.call('POST', '/api/me/erase', { token, body: { password } });
  expect((await erase(bob.accessToken, 'wrong password')).error?.code).toBe('invalid_credentials');
  expect((await erase(owner.accessToken, PASSWORD)).error?.code).toBe('forbidden');
  const other = (token: string, id: string) => world.call<{ saga: string }>('POST', `/api/people/${id}/erase`, { token });
  expect((await other(bob.accessToken, carol.user.id)).error?.code).toBe('forbidden');
  expect((await other(owner.accessToken, '00000000-0000-7000-8000-000000000001')).error?.code).toBe('forbidden');
  expect((await other(owner.accessToken, '00000000-0000-7000-8000-00000000dead')).error?.code).toBe('not_found');
  expect((await world.call('GET', '/api/sagas/accounts', { token: bob.accessToken })).error?.code).toBe('forbidden');
  expect(asked).toEqual([]);
  const [first, again] = [await other(owner.accessToken, bob.user.id), await other(owner.accessToken, bob.user.id)];
  expect(first.status).toBe(202);
  expect(again.body.saga).toBe(first.body.saga);
});

test('A service that is away, or not done yet, is asked until it is; the operator sees where the erasure waits, and nothing of the person.', async () => {
  let away = true;
  let rounds = 0;
  const { others, asked } = services((name) => {
    if (name === 'messages' && away) throw new ParleyError('unavailable', 'The database of bob is away.');
    return { done: name !== 'media' || ++rounds > 3 };
  });
  const world = await startAccounts({ others });
  const owner = await world.register('alice');
  const bob = await world.register('bob');
  await world.call('POST', '/api/me/erase', { token: bob.accessToken, body: { password: PASSWORD } });
  await vi.waitFor(async () => expect((await open(world, owner))[0]).toMatchObject({ step: 'messages', reason: 'unavailable' }));
  expect(JSON.stringify(await open(world, owner))).not.toContain(bob.user.id);
  await vi.waitFor(async () => {
    await world.clock.advance(60_000);
    expect(world.service.problems?.().join()).toContain('waits in step messages');
  });
  away = false;
  // The hour that went by has ended the owner's access token.
  const fresh = (await world.call<Tokens>('POST', '/api/accounts/login', { body: { handle: 'alice', password: PASSWORD } })).body;
  await untilDone(world, fresh);
  expect(asked.filter((name) => name === 'media')).toHaveLength(4);
  expect(asked.at(-1)).toBe('notifications');
  expect(world.service.problems?.()).toEqual([]);
});

test.each(['rooms', 'messages', 'media', 'notifications'])(
  'Accounts dies while %s is asked: another process ends the erasure, asking only what was not done.',
  async (deadly) => {
    let hanging = false;
    const first = services((name) => {
      if (name !== deadly) return { done: true };
      hanging = true;
      return new Promise(() => {});
    });
    const world = await startAccounts({ others: first.others });
    const owner = await world.register('alice');
    const bob = await world.register('bob');
    await world.call('POST', '/api/me/erase', { token: bob.accessToken, body: { password: PASSWORD } });
    await vi.waitFor(() => expect(hanging).toBe(true));
    // From here on it takes nothing any more, and what it has in hand is never done.
    void world.service.stop();
    const after = services();
    const other = await startAccounts({ others: after.others, beside: world });
    await untilDone(other, owner);
    const order = ['rooms', 'messages', 'media', 'notifications'];
    expect(after.asked).toEqual(order.slice(order.indexOf(deadly)));
  },
);
