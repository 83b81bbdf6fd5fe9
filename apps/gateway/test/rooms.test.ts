// What a socket gets of its rooms: places, resets, removals, joins, slowness. On a manual clock.
import { channelOf, ParleyError } from '@parley/protocol';
import { afterEach, expect, test } from 'vitest';
import { createWorld, idOf, type World } from './world.ts';

const ROOM = idOf(1, 1);
const [ANNA, BEN, CARL] = [idOf(2, 1), idOf(2, 2), idOf(2, 3)];
let world: World;

afterEach(async () => {
  const stopped = world.core.stop();
  await world.clock.advance(20_000);
  await stopped;
});

const online = async (user: string, places?: ReadonlyMap<string, number>) => {
  const client = world.connect(user);
  const answered = client.resume(places);
  await world.clock.advance(200);
  return { client, answer: await answered };
};

test('hello is the first frame, and a first resume begins at the head of every room', async () => {
  world = await createWorld({ name: 'gate-1' });
  await world.messages.join(ROOM, ANNA);
  await world.messages.post(ROOM, ANNA, 'one');
  const { client, answer } = await online(ANNA);
  expect(client.socket.received[0]).toMatchObject({ name: 'hello', payload: { user: ANNA, gateway: 'gate-1', epoch: world.messages.epoch } });
  expect(answer).toMatchObject({ gone: [], me: { ver: 1, full: true }, rooms: { [ROOM]: { from: 2, head: 2, reset: false } } });
  await world.messages.post(ROOM, ANNA, 'two');
  await world.clock.advance(20);
  expect(client.seen).toEqual([{ room: ROOM, seq: 3 }]);
});

test('a socket that comes back gets what it missed, in order, then live', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  for (let i = 0; i < 400; i++) world.messages.postUnheard(ROOM, ANNA, `${i}`);
  const { client, answer } = await online(ANNA, new Map([[ROOM, 11]]));
  expect(answer?.rooms[ROOM]).toEqual({ from: 11, head: 401, reset: false });
  expect(client.seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 390 }, (_, i) => 12 + i));
  expect(client.frames('live')).toEqual([{ room: ROOM, seq: 401 }]);
  expect(client.wrong).toEqual([]);
});

test('a hundred sockets that come back together cost few questions and read each page once', async () => {
  world = await createWorld({ rates: { person: { socketsPerUser: 1_000 } } });
  await world.messages.join(ROOM, ANNA);
  for (let i = 0; i < 300; i++) world.messages.postUnheard(ROOM, ANNA, `${i}`);
  world.messages.calls.clear();
  const clients = Array.from({ length: 100 }, () => world.connect(ANNA));
  for (const client of clients) void client.resume(new Map([[ROOM, 1]]));
  await world.clock.advance(500);
  expect(clients.every((client) => client.seen.length === 300 && client.wrong.length === 0)).toBe(true);
  expect(world.messages.calls.get('messages.sync')).toBeLessThanOrEqual(2);
  expect(world.messages.calls.get('messages.events')).toBeLessThanOrEqual(5);
});

test('more than a thousand behind, or at a place of another epoch, is reset; a room that is not mine is gone', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  for (let i = 0; i < 1_100; i++) world.messages.postUnheard(ROOM, ANNA, `${i}`);
  const far = await online(
    ANNA,
    new Map([
      [ROOM, 1],
      [idOf(1, 9), 4],
    ]),
  );
  expect(far.answer).toMatchObject({ gone: [idOf(1, 9)], rooms: { [ROOM]: { from: 1_101, reset: true } } });
  const other = world.connect(ANNA);
  const answer = other.resume(new Map([[ROOM, 1_000]]), null, idOf(5, 2));
  await world.clock.advance(100);
  expect((await answer)?.rooms[ROOM]).toEqual({ from: 1_101, head: 1_101, reset: true });
});

test('a place from before a re-join is reset: what happened between is not shown', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  await world.messages.remove(ROOM, ANNA);
  await world.messages.post(ROOM, BEN, 'secret');
  await world.messages.join(ROOM, ANNA, 'since_join');
  const { client, answer } = await online(ANNA, new Map([[ROOM, 1]]));
  expect(answer?.rooms[ROOM]).toEqual({ from: 4, head: 4, reset: true });
  expect(client.seen).toEqual([]);
});

test('the removed get what was before the removal, then gone, and nothing of it or after it', async () => {
  world = await createWorld();
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  const [anna, ben] = [await online(ANNA), await online(BEN)];
  world.fate = () => 'lose';
  await world.messages.post(ROOM, ANNA, 'before');
  await world.messages.remove(ROOM, BEN);
  await world.messages.post(ROOM, ANNA, 'after');
  world.fate = () => 'pass';
  await world.feed.publish([{ channel: channelOf.room(ROOM), payload: { room: ROOM, events: world.messages.events(ROOM).slice(2) } }]);
  await world.clock.advance(20);
  expect(anna.client.seen.map(({ seq }) => seq)).toEqual([3, 4, 5]);
  expect(ben.client.seen.map(({ seq }) => seq)).toEqual([3]);
  expect(ben.client.socket.received.at(-1)).toEqual({ name: 'gone', payload: { room: ROOM } });
});

test('gone comes once, whichever of the two messages of a removal comes first', async () => {
  world = await createWorld();
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  const { client } = await online(BEN);
  // The room's event is late, the state is not.
  let count = 0;
  world.fate = () => (count++ === 0 ? 'late' : 'pass');
  await world.messages.remove(ROOM, BEN);
  await world.clock.advance(500);
  expect(client.frames('gone')).toEqual([{ room: ROOM }]);
  expect(client.seen).toEqual([]);
});

test('who joins while connected is sat down from the join on, on every socket', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const clients = [(await online(BEN)).client, (await online(BEN)).client];
  await world.messages.join(ROOM, BEN, 'since_join');
  await world.messages.post(ROOM, ANNA, 'welcome');
  await world.clock.advance(300);
  for (const client of clients) {
    expect(client.frames('state').length).toBe(1);
    expect(client.frames('reset')).toEqual([{ room: ROOM, from: 1, epoch: world.messages.epoch }]);
    expect(client.seen.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(client.wrong).toEqual([]);
  }
});

test('a change of state that comes while the resume is answered follows the answer', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, BEN);
  world.messages.delay = () => new Promise((resolve) => world.clock.after(300, resolve));
  const client = world.connect(ANNA);
  const answer = client.resume();
  await world.clock.advance(100);
  await world.messages.join(ROOM, ANNA);
  await world.clock.advance(200);
  expect(await answer).toMatchObject({ me: { ver: 0 }, rooms: {} });
  expect(client.frames('state')).toMatchObject([{ changes: [{ key: `room:${ROOM}`, ver: 1 }] }]);
  await world.clock.advance(1_500);
  expect(client.places.get(ROOM)).toBe(2);
});

test('a removal before the hub saw the room is found even when a reset would jump over it', async () => {
  world = await createWorld({ limits: { resumeEvents: 10 } });
  await world.messages.join(ROOM, BEN);
  let opening: (() => void) | null = null;
  const client = world.connect(BEN);
  void client.resume();
  // The right is read; before the hub opens, the member is removed and much is said.
  world.messages.delay = () =>
    new Promise((resolve) => {
      if (opening !== null) return resolve();
      opening = resolve;
    });
  await world.clock.advance(60);
  world.fate = () => 'lose';
  await world.messages.remove(ROOM, BEN);
  for (let i = 0; i < 50; i++) world.messages.postUnheard(ROOM, ANNA, `${i}`);
  world.fate = () => 'pass';
  (opening as (() => void) | null)?.();
  await world.clock.advance(30_000);
  await world.messages.post(ROOM, ANNA, 'secret');
  await world.clock.advance(100);
  expect(client.seen).toEqual([]);
  expect(client.frames('gone')).toEqual([{ room: ROOM }]);
});

test('the last event of a room that the feed lost is found by comparing heads', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const { client } = await online(ANNA);
  world.messages.postUnheard(ROOM, ANNA, 'lost');
  await world.clock.advance(5_200);
  expect(client.seen).toEqual([{ room: ROOM, seq: 2 }]);
});

test('a deleted message is not handed out from memory', async () => {
  world = await createWorld();
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  await online(ANNA);
  await world.messages.post(ROOM, ANNA, 'regretted');
  await world.clock.advance(10);
  const posted = world.messages.events(ROOM)[2] as { body: { text: string | null } };
  posted.body = { ...posted.body, text: null };
  const event = { ...world.messages.events(ROOM)[2], seq: 4, type: 'message.deleted', body: { target: 3, targetAuthor: ANNA } };
  (world.messages.events(ROOM) as unknown[]).push(event);
  await world.feed.publish([{ channel: channelOf.room(ROOM), payload: { room: ROOM, events: [event] } }]);
  await world.clock.advance(10);
  const { client } = await online(BEN, new Map([[ROOM, 2]]));
  expect(client.frames('event').map(({ body }) => body)).toMatchObject([{ text: null }, { target: 3 }]);
});

test('a slow socket falls behind, is told so, and catches up by itself when it has drained', async () => {
  world = await createWorld({ queue: { softBytes: 100, hardBytes: 1_000 } });
  await world.messages.join(ROOM, ANNA);
  const { client } = await online(ANNA);
  client.socket.slow(true);
  for (let i = 0; i < 60; i++) {
    await world.messages.post(ROOM, ANNA, 'x'.repeat(100));
    await world.clock.advance(15);
  }
  expect(client.frames('behind').length).toBe(1);
  expect(client.seen.length).toBeLessThan(20);
  client.socket.slow(false);
  await world.clock.advance(500);
  expect(client.seen.length).toBe(60);
  expect(client.wrong).toEqual([]);
  expect(world.core.stats()).toMatchObject({ stalled: 0, behind: 1 });
});

test('a socket that takes nothing for 30 s is told bye and closed', async () => {
  world = await createWorld({ queue: { softBytes: 100, hardBytes: 1_000 } });
  await world.messages.join(ROOM, ANNA);
  const { client } = await online(ANNA);
  client.socket.slow(true);
  for (let i = 0; i < 20; i++) await world.messages.post(ROOM, ANNA, 'x'.repeat(100));
  await world.clock.advance(20);
  await world.messages.post(ROOM, ANNA, 'x');
  await world.clock.advance(29_000);
  expect(client.socket.isClosed).toBe(false);
  await world.clock.advance(1_500);
  expect(client.frames('bye')).toMatchObject([{ code: 'overloaded' }]);
  expect(client.socket.isClosed).toBe(true);
});

test('when the history was restored every socket is sent away to begin anew', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, CARL);
  const { client } = await online(CARL);
  world.messages.epoch = idOf(5, 9);
  await world.clock.advance(6_000);
  expect(client.frames('bye')).toMatchObject([{ code: 'overloaded' }]);
  expect(client.socket.isClosed).toBe(true);
  const back = await online(CARL, new Map([[ROOM, 1]]));
  expect(back.client.frames('hello')).toMatchObject([{ epoch: idOf(5, 9) }]);
});

test('resume is refused while messages is away and can be asked again', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const client = world.connect(ANNA);
  world.messages.failing = new ParleyError('unavailable');
  const refused = client.request('resume', { me: null, rooms: {} });
  await world.clock.advance(100);
  expect(await refused).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  world.messages.failing = null;
  const answer = client.resume();
  await world.clock.advance(100);
  expect((await answer)?.rooms[ROOM]).toMatchObject({ from: 1 });
  const again = client.request('resume', { me: null, rooms: {} });
  await world.clock.advance(100);
  expect(await again).toMatchObject({ ok: false, error: { code: 'invalid' } });
});

test('when the feed says that it lost something, rooms and users are compared at once', async () => {
  let lost = (): void => {};
  world = await createWorld();
  const { subscribe } = world.feed;
  (world.feed as { subscribe: typeof subscribe }).subscribe = (channel, listener, onLost) => {
    if (channel === channelOf.room(ROOM)) lost = onLost;
    return subscribe(channel, listener, onLost);
  };
  await world.messages.join(ROOM, ANNA);
  const { client } = await online(ANNA);
  world.fate = () => 'lose';
  world.messages.postUnheard(ROOM, ANNA, 'lost');
  await world.messages.join(idOf(1, 2), ANNA);
  world.messages.calls.clear();
  for (let i = 0; i < 50; i++) lost();
  await world.clock.advance(1_500);
  expect(client.places).toEqual(
    new Map([
      [ROOM, 2],
      [idOf(1, 2), 1],
    ]),
  );
  expect(world.messages.calls.get('messages.heads')).toBeLessThanOrEqual(3);
});

test('a changed role keeps the place; a removal and a re-join told as one change begin anew', async () => {
  world = await createWorld();
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  const { client } = await online(BEN);
  const change = (ver: number, value: object) => ({
    channel: channelOf.user(BEN),
    payload: { user: BEN, changes: [{ key: `room:${ROOM}`, value, ver }], results: [] },
  });
  await world.feed.publish([change(2, { role: 'admin', floor: 0, joinSeq: 2 })]);
  await world.messages.post(ROOM, ANNA, 'hello');
  await world.clock.advance(10);
  expect(client.frames('reset')).toEqual([]);
  expect(client.seen.map(({ seq }) => seq)).toEqual([3]);
  // Committed in one batch: the state tells only the end of it, and the room's events come after.
  world.fate = () => 'lose';
  await world.messages.remove(ROOM, BEN);
  await world.messages.post(ROOM, ANNA, 'secret');
  await world.messages.join(ROOM, BEN, 'since_join');
  world.fate = () => 'pass';
  await world.feed.publish([change(4, { role: 'member', floor: 5, joinSeq: 6 })]);
  await world.feed.publish([{ channel: channelOf.room(ROOM), payload: { room: ROOM, events: world.messages.events(ROOM).slice(3) } }]);
  await world.clock.advance(1_000);
  expect(client.frames('reset')).toEqual([{ room: ROOM, from: 5, epoch: world.messages.epoch }]);
  expect(client.seen.map(({ seq }) => seq)).toEqual([3, 6]);
  expect(client.frames('gone')).toEqual([]);
});

test('a message of the feed that makes no sense is passed over', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const { client } = await online(ANNA);
  for (const payload of [null, 7, {}, { room: ROOM }, { room: ROOM, events: [null, { seq: 'x' }, {}] }, { room: idOf(1, 9), events: [] }]) {
    await world.feed.publish([{ channel: channelOf.room(ROOM), payload, tail: { from: 2, to: 2 } }]);
    await world.feed.publish([
      { channel: channelOf.user(ANNA), payload },
      { channel: channelOf.now(ROOM), payload },
    ]);
  }
  await world.messages.post(ROOM, ANNA, 'hello');
  await world.clock.advance(500);
  expect(client.seen).toEqual([{ room: ROOM, seq: 2 }]);
});
