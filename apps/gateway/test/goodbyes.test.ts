// How a worker ends while others go on: nobody is dropped, nobody is refused before their turn.
import { expect, test } from 'vitest';
import { type Client, createWorld, idOf } from './world.ts';

const ROOM = idOf(1, 1);
const ANNA = idOf(2, 1);
let ids = 0;
const post = (text: string) => ({ type: 'message.post', room: ROOM, clientId: idOf(8, ++ids), body: { text } });

test('with other workers about, a drain sends sockets away one by one, serves them until then, and answers what waits for the log first', async () => {
  const world = await createWorld({ drainMs: 9_000, goodbyeMs: 4_000 });
  await world.messages.join(ROOM, ANNA);
  const online = async (user: string): Promise<Client> => {
    const client = world.connect(user);
    void client.resume();
    await world.clock.advance(200);
    return client;
  };
  const people = await Promise.all(Array.from({ length: 8 }, (_, index) => online(index === 7 ? ANNA : idOf(2, 50 + index))));
  const anna = people.at(-1) as Client;
  const gone = (): number => people.filter((person) => person.socket.isClosed).length;
  const stopped = world.core.stop();
  expect(() => world.core.admit()).toThrow(expect.objectContaining({ code: 'draining' }));
  await world.clock.advance(2_000);
  expect(gone()).toBe(4);
  expect(await anna.request('send', post('still here'))).toEqual({ ok: true, status: 'accepted' });
  await world.clock.advance(1_400);
  const append = world.log.append;
  (world.log as { append: typeof append }).append = (topic, entries) =>
    new Promise((resolve, reject) => world.clock.after(900, () => append(topic, entries).then(resolve, reject)));
  const answer = anna.request('send', post('the last one'));
  await world.clock.advance(700);
  expect([gone(), anna.frames('bye').length]).toEqual([7, 0]);
  await world.clock.advance(300);
  await stopped;
  expect(await answer).toEqual({ ok: true, status: 'accepted' });
  expect(gone()).toBe(8);
  for (const person of people) expect(person.frames('bye')).toMatchObject([{ code: 'draining', retryAfterMs: expect.any(Number) }]);
});
