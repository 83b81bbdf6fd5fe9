// Each of these was a failing seed of tests/simulation before it was a story.
import { expect, test } from 'vitest';
import { settle } from './manual-clock.ts';
import { ME, ROOM } from './random-events.ts';
import { OTHER_ROOM, POST_BY_OTHER, world } from './world.ts';

const changes = (calls: readonly string[]): number => calls.filter((call) => call === 'GET /api/me/changes').length;

test('a missing version of my state is asked for until it is answered', async () => {
  const { clock, server, online } = world();
  server.addRoom(ROOM);
  const parley = await online();
  server.faults.loseState = true;
  server.addRoom(OTHER_ROOM);
  server.faults.loseState = false;
  server.faults.http = (_method, path) => (path === '/api/me/changes' ? 'cut' : undefined);
  server.change('pref:theme', 'dark');
  await settle();
  expect(changes(server.calls)).toBe(1);
  server.faults.http = () => undefined;
  await clock.advance(1_500);
  await settle();
  expect(parley.state.rooms.get(OTHER_ROOM)).toMatchObject({ sync: 'live' });
});

test('what is missed while an answer is under way is asked for again', async () => {
  const { server, online } = world();
  server.addRoom(ROOM);
  const parley = await online();
  let answer = (): void => {};
  server.faults.slow = new Promise((resolve) => {
    answer = resolve;
  });
  server.faults.loseState = true;
  server.change('pref:a', 1);
  server.faults.loseState = false;
  server.change('pref:b', 2);
  await settle();
  // Worked out before this one, answered after it; and nothing comes later that would show the hole.
  server.change('pref:c', 3);
  await settle();
  server.faults.slow = Promise.resolve();
  answer();
  await settle();
  expect([...parley.state.prefs]).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
});

test('a snapshot of a stay that is over does not bring the room back', async () => {
  const { server, online } = world();
  server.addRoom(ROOM);
  const parley = await online();
  let answer = (): void => {};
  server.faults.slow = new Promise((resolve) => {
    answer = resolve;
  });
  const opening = parley.room(ROOM).open();
  await settle();
  server.removeRoom(ROOM);
  await settle();
  answer();
  await opening;
  await settle();
  expect(parley.state.rooms.has(ROOM)).toBe(false);
});

test('a late gone of an earlier stay does not take the room away for good', async () => {
  const { server, online } = world();
  server.addRoom(ROOM);
  const parley = await online();
  server.append(ROOM, POST_BY_OTHER);
  await settle();
  // My state knows of the new stay already; the frames of the old one were still in the network.
  server.say('gone', { room: ROOM });
  server.say('reset', { room: ROOM, from: 3, epoch: parley.state.rooms.get(ROOM)?.epoch });
  server.say('live', { room: ROOM, seq: 3 });
  await settle();
  expect(parley.state.rooms.get(ROOM)).toMatchObject({ sync: 'live', seq: 3 });
});

test('a read mark that was not answered in time is said again on the same connection', async () => {
  const { clock, server, online } = world();
  server.addRoom(ROOM);
  const parley = await online({
    transport: {
      open: (options) => {
        const inner = server.transport.open(options);
        let lost = false;
        const request: typeof inner.request = (name, payload, timeoutMs) => {
          if (name !== 'read' || lost) return inner.request(name, payload, timeoutMs);
          lost = true;
          return new Promise((_, reject) => clock.after(timeoutMs, () => reject(new Error('timeout'))));
        };
        return { request, send: inner.send, close: inner.close };
      },
    },
  });
  server.append(ROOM, POST_BY_OTHER);
  await settle();
  parley.room(ROOM).markRead();
  await clock.advance(20_000);
  await settle();
  const marks = server.frames.filter(({ name }) => name === 'read');
  expect(marks).toEqual([{ name: 'read', payload: { room: ROOM, seq: 3, n: 1 } }]);
  expect(parley.state.me?.user.id).toBe(ME);
});

test('a read mark that the server does not know is said again when it tells an older one', async () => {
  const { clock, server, online } = world();
  server.addRoom(ROOM);
  const parley = await online();
  server.append(ROOM, POST_BY_OTHER);
  await settle();
  parley.room(ROOM).markRead();
  await clock.advance(1_000);
  // Out and in again: the mark of the stay before counts no more there.
  server.change(`read:${ROOM}`, { seq: 2, n: 0, unread: 1, at: 3 });
  await clock.advance(1_000);
  await settle();
  const marks = server.frames.filter(({ name }) => name === 'read');
  expect(marks).toHaveLength(2);
  expect(parley.state.rooms.get(ROOM)?.read).toMatchObject({ seq: 3, n: 1, unread: 0 });
});
