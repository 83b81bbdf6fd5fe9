// The service as its callers meet it: HTTP and internal calls on a real Postgres.

import { createSeededRng, systemClock } from '@parley/ports';
import { createMemoryFeed } from '@parley/ports/memory';
import { testDatabase } from '@parley/postgres/testing';
import { channelOf, type FeedUser, ParleyError, readEvents, readHeads, syncUsers, TOPICS } from '@parley/protocol';
import { createHttpApp, createInternalBus, type InternalClient, type Service } from '@parley/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMessages, migrationsFolder } from '../src/index.ts';
import { type Database, openDatabase, orUnavailable } from '../src/store/store-database.ts';
import { createSqlStore } from '../src/store/store-sql.ts';
import { entryOf, logger, newId, newLog, speaker, until } from './world.ts';

const OWNER = newId();
const rng = createSeededRng(21);

let database: Awaited<ReturnType<typeof testDatabase>>;
let service: Service;
let app: ReturnType<typeof createHttpApp>;
let db: Database;
let internal: InternalClient;
let log: ReturnType<typeof newLog>;
let feed: ReturnType<typeof createMemoryFeed>;

beforeEach(async () => {
  database = await testDatabase(migrationsFolder);
  log = newLog();
  feed = createMemoryFeed({ clock: systemClock });
  const bus = createInternalBus({ key: 'k'.repeat(32), clock: systemClock, rng });
  internal = bus.clientFor('gateway');
  // A token is the user's id here: tokens are accounts' matter and tested there.
  const verifier = {
    verify: async (token: string) => {
      if (token === '') throw new ParleyError('unauthenticated');
      return { sub: token, sid: newId(), exp: 0, iat: 0, role: token === OWNER ? ('owner' as const) : ('member' as const), cls: 'person' as const };
    },
  };
  service = createMessages({ database: database.connection, log, feed, internal: bus.clientFor('messages'), verifier, clock: systemClock, rng, logger });
  bus.register(service.internal ?? []);
  app = createHttpApp({ logger, rng });
  await service.routes?.(app);
  await service.start();
  db = openDatabase(database.connection, 2);
});
afterEach(async () => {
  await app.close();
  await service.stop();
  await db.$disconnect();
  await database.drop();
});

const say = async (...commands: Parameters<typeof entryOf>[0][]): Promise<void> => {
  await log.append(TOPICS.roomCommand, commands.map(entryOf));
  const { partitions } = await log.ends(TOPICS.roomCommand);
  await until(async () => {
    const positions = await db.logPosition.findMany();
    return partitions.every(({ partition, next }) => Number(positions.find((at) => at.partition === partition)?.next) === next);
  });
};
const call = async (user: string, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object) => {
  const answer = await app.inject({ method, url, headers: user === '' ? {} : { authorization: `Bearer ${user}` }, ...(payload ? { payload } : {}) });
  return { status: answer.statusCode, body: answer.json() };
};

test('one poisoned row among many is found, rejected and set aside, and the others are committed', async () => {
  await db.$executeRaw`ALTER TABLE message ADD CONSTRAINT no_poison CHECK (text <> 'poison')`;
  const alice = newId();
  const room = speaker(newId());
  await say(room.create(alice), room.join(alice, 'owner'));
  const bad = room.post(alice, 'poison');
  await say(...Array.from({ length: 9 }, (_, i) => room.post(alice, `m${i}`)), bad, ...Array.from({ length: 9 }, (_, i) => room.post(alice, `n${i}`)));
  const { body } = await call(alice, 'GET', `/api/rooms/${room.room}/messages?limit=100`);
  expect(body.messages).toHaveLength(18);
  expect(body.at).toBe(20);
  expect(await db.result.findMany({ where: { code: 'poison' } })).toMatchObject([{ clientId: (bad as { clientId: string }).clientId, status: 'rejected' }]);
  const letters = await db.deadLetter.findMany();
  expect(letters).toHaveLength(1);
  expect(new TextDecoder().decode(letters[0]?.bytes)).toContain('poison');
});

test('commit connections never keep a plan made for empty tables', async () => {
  expect(await db.$queryRaw`SHOW plan_cache_mode`).toEqual([{ plan_cache_mode: 'force_custom_plan' }]);
});

test('rooms, history and members are shown to members, and to nobody else', async () => {
  const [alice, bob, eve] = [newId(), newId(), newId()];
  const room = speaker(newId());
  await say(room.create(alice, 'since_join'), room.join(alice, 'owner'), room.post(alice, 'before'), room.join(bob), room.post(alice, 'hello'));
  const base = `/api/rooms/${room.room}`;
  const mine = await call(bob, 'GET', '/api/me/rooms');
  expect(mine.body.rooms).toMatchObject([{ room: room.room, seq: 5, floor: 3, read: { seq: 4, unread: 1, at: 5 }, memberCount: 2 }]);
  expect((await call(bob, 'GET', `/api/me/rooms?ids=${newId()}`)).body.rooms).toEqual([]);
  const snapshot = await call(bob, 'GET', `${base}/snapshot`);
  expect(snapshot.body).toMatchObject({ from: 3, more: false, members: expect.arrayContaining([{ user: bob, role: 'member', joinSeq: 4 }]) });
  expect(snapshot.body.messages.map((message: { text: string }) => message.text)).toEqual(['hello']);
  expect((await call(bob, 'GET', `${base}/events?after=0`)).body.events.map((event: { seq: number }) => event.seq)).toEqual([4, 5]);
  expect((await call(bob, 'GET', `${base}/members?limit=1`)).body).toMatchObject({ at: 5, more: true });
  for (const path of ['/snapshot', '/messages', '/events', '/members']) {
    const there = await call(eve, 'GET', `${base}${path}`);
    expect(there.status).toBe(404);
    expect(there.body).toEqual((await call(eve, 'GET', `/api/rooms/${newId()}${path}`)).body);
    expect((await call('', 'GET', `${base}${path}`)).status).toBe(401);
  }
  expect((await call(eve, 'POST', `${base}/read`, { seq: 1, n: 1 })).status).toBe(404);
  expect((await call(bob, 'POST', `${base}/read`, { seq: 5, n: 1 })).status).toBe(200);
  expect((await call(bob, 'GET', '/api/me/rooms')).body.rooms[0].read).toEqual({ seq: 5, n: 1, unread: 0, at: 5 });
  expect((await call(bob, 'GET', `${base}/messages?before=3&after=1`)).status).toBe(400);
});

test('a key of my state is stored, told to my devices and found by version; what cannot be stored is refused', async () => {
  const alice = newId();
  const heard: FeedUser[] = [];
  await feed.subscribe(
    channelOf.user(alice),
    (message) => heard.push(message.payload as FeedUser),
    () => {},
  );
  const put = (key: string, value: unknown) => call(alice, 'PUT', `/api/me/state/${key}`, { value });
  expect((await put('pref:theme', { dark: true })).body).toEqual({ key: 'pref:theme', value: { dark: true }, ver: 1 });
  await until(() => heard.length === 1);
  expect(heard[0]).toEqual({ user: alice, changes: [{ key: 'pref:theme', value: { dark: true }, ver: 1 }], results: [] });
  const { room, create, join } = speaker(newId());
  await say(create(alice), join(alice, 'owner'));
  expect((await put(`draft:${room}`, { text: 'later', replyTo: null })).status).toBe(200);
  expect((await put(`draft:${room}`, null)).body.ver).toBe(5);
  expect((await put(`draft:${newId()}`, { text: 'not my room' })).status).toBe(404);
  expect((await call(alice, 'GET', '/api/me/changes?after=3')).body).toEqual({ ver: 5, full: false, changes: [{ key: `draft:${room}`, value: null, ver: 5 }] });
  const { body } = await call(alice, 'GET', '/api/me/changes');
  expect(body.full).toBe(true);
  expect(body.changes.map((change: { key: string }) => change.key)).toEqual(['pref:theme', `room:${room}`, `read:${room}`]);
  expect((await call(alice, 'GET', '/api/me/changes?after=99')).body.full).toBe(true);
  for (const [key, value, status] of [
    ['pref:x', 'a\u0000b', 400],
    ['pref:x', { deep: ['a\ud800b'] }, 400],
    ['pref:x', 'back\\u0000slash', 200],
    ['pref:x', 'x'.repeat(20_000), 413],
    [`mute:${room}`, { muted: 'yes' }, 400],
    ['room:x', {}, 400],
    ['read:x', {}, 400],
  ] as const) {
    expect([key, (await put(key, value)).status]).toEqual([key, status]);
  }
});

test('the owner of the installation imports messages through the log; the same import again changes nothing', async () => {
  const [alice, other] = [newId(), newId()];
  const room = speaker(newId());
  await say(room.create(alice), room.join(alice, 'owner'));
  const first = newId();
  const messages = [
    { clientId: first, author: other, time: 1000, text: 'old' },
    { clientId: newId(), author: other, time: 2000, text: 'answer', replyTo: { author: other, clientId: first } },
  ];
  const url = `/api/rooms/${room.room}/import`;
  expect((await call(alice, 'POST', url, { messages })).status).toBe(403);
  expect((await call(OWNER, 'POST', `/api/rooms/${newId()}/import`, { messages })).status).toBe(404);
  expect((await call(OWNER, 'POST', url, { messages })).body).toEqual({ committed: 2, rejected: 0, pending: 0 });
  expect((await call(OWNER, 'POST', url, { messages })).body).toEqual({ committed: 2, rejected: 0, pending: 0 });
  const page = (await call(alice, 'GET', `/api/rooms/${room.room}/messages`)).body;
  expect(page.messages.map((message: { time: number; replyTo: number | null }) => [message.time, message.replyTo])).toEqual([
    [1000, null],
    [2000, 3],
  ]);
});

test('other services get rights, heads and events in the shape of their contracts', async () => {
  const [alice, bob] = [newId(), newId()];
  const room = speaker(newId());
  await say(room.create(alice), room.join(alice, 'owner'), room.post(alice));
  const items = [alice, bob].map((user) => ({ user, me: null, rooms: {} }));
  const [together, again] = await Promise.all([internal.call(syncUsers, { items }), internal.call(syncUsers, { items: items.slice(0, 1) })]);
  expect(together.items[0]?.rights).toEqual([{ room: room.room, role: 'owner', floor: 0, joinSeq: 2, head: 3 }]);
  expect(together.items[1]).toEqual({ me: { ver: 0, full: true, changes: [] }, rights: [] });
  expect(again.items).toEqual(together.items.slice(0, 1));
  expect(together.epoch).toMatch(/^[0-9a-f-]{36}$/);
  const heads = await internal.call(readHeads, { since: {}, rooms: [room.room] });
  expect(heads.heads).toEqual({ [room.room]: 3 });
  const since = Object.fromEntries(Object.keys(heads.positions).map((partition) => [partition, 0]));
  expect((await internal.call(readHeads, { since, rooms: [] })).heads).toEqual({ [room.room]: 3 });
  const page = await internal.call(readEvents, { room: room.room, after: 1, limit: 1 });
  expect(page).toMatchObject({ head: 3, events: [{ seq: 2 }] });
  expect(await internal.call(readEvents, { room: newId(), after: 0, limit: 10 })).toEqual({ head: 0, events: [] });
});

test('while Postgres is away, whoever asks is told to come again', async () => {
  const away = createSqlStore({ ...database.connection, port: 1 }, 1);
  for (const asked of [away.right(OWNER, newId()), away.sync([{ user: OWNER, me: null }]), away.markRead([]), away.positions('room.command')]) {
    await expect(asked).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1000 });
  }
  await away.close();
});

test('a connection that ends or hangs in the middle of a question is unavailable too, and a refusal stays what it is', async () => {
  const failing = (message: string) => orUnavailable({ ask: async (): Promise<void> => Promise.reject(new Error(message)) });
  for (const said of ['Query read timeout', 'Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'write EPIPE'])
    await expect(failing(said).ask()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(failing('a mistake of ours').ask()).rejects.toThrow('a mistake of ours');
});
