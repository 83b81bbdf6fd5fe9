// The end of an account as an app sees it: whichever comes first, the answer or the end of the connection, it is what was asked for.
import { expect, test } from 'vitest';
import { settle } from './manual-clock.ts';
import { ME, ROOM } from './random-events.ts';
import { world } from './world.ts';

test.each([
  ['before the socket is told', () => Promise.resolve()],
  ['after the socket was told', settle],
])('an account is erased with its password only, and nothing stays here: the answer comes %s', async (_when, slow) => {
  const { server, online, storage } = world();
  server.addRoom(ROOM);
  const parley = await online();
  await expect(parley.eraseAccount('wrong')).rejects.toMatchObject({ code: 'invalid_credentials' });
  expect(parley.state).toMatchObject({ status: 'online', me: { user: { id: ME } } });
  server.faults.ack = () => 'lost';
  const unsent = parley
    .room(ROOM)
    .send('never sent')
    .catch((error: unknown) => error);
  server.faults.slow = slow();
  await parley.eraseAccount('x');
  expect(await unsent).toMatchObject({ code: 'unauthenticated' });
  expect(parley.state).toMatchObject({ status: 'signed-out', me: null, bye: null, outbox: [] });
  expect(parley.state.rooms.size).toBe(0);
  expect(await storage.list('')).toEqual([]);
  expect(parley.errors).toEqual([]);
  await expect(parley.eraseAccount('x')).rejects.toMatchObject({ code: 'unauthenticated' });
});
