// What a client may ask, what it is refused, and how a socket ends. On a manual clock.
import { LogUnavailable } from '@parley/ports';
import { decodeRecord, encodeRecord, ParleyError, type RoomCommand, RoomCommand as RoomCommandSchema, TOPICS } from '@parley/protocol';
import { afterEach, expect, test } from 'vitest';
import type { Client } from './world.ts';
import { createWorld, idOf, type World } from './world.ts';

const ROOM = idOf(1, 1);
const [ANNA, BEN] = [idOf(2, 1), idOf(2, 2)];
let world: World;
let ids = 0;

afterEach(async () => {
  const stopped = world.core.stop();
  await world.clock.advance(20_000);
  await stopped;
});

const post = (text: string, room = ROOM) => ({ type: 'message.post', room, clientId: idOf(8, ++ids), body: { text } });
const online = async (user: string): Promise<Client> => {
  const client = world.connect(user);
  void client.resume();
  await world.clock.advance(200);
  return client;
};
const answerTo = async (client: Client, name: string, payload: unknown, ms = 200) => {
  const answer = client.request(name, payload);
  await world.clock.advance(ms);
  return answer;
};

async function commandsInLog(): Promise<RoomCommand[]> {
  const commands: RoomCommand[] = [];
  const consumption = await world.log.consume(TOPICS.roomCommand, {
    group: null,
    start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
    handle: async (records) => void commands.push(...records.map((record) => decodeRecord(RoomCommandSchema, record.value))),
  });
  await world.clock.advance(100);
  await consumption.stop();
  return commands;
}

test('an accepted command is in the log with the author of the token and the time of the gateway', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  expect(await answerTo(anna, 'send', post('hello'))).toEqual({ ok: true, status: 'accepted' });
  expect(await answerTo(anna, 'send', { ...post('forged'), author: BEN })).toMatchObject({ ok: false, error: { code: 'invalid' } });
  const commands = await commandsInLog();
  expect(commands).toMatchObject([{ v: 1, author: ANNA, room: ROOM, body: { text: 'hello' } }]);
  expect(commands[0]?.time).toBeGreaterThan(1_700_000_000_000);
});

test('who certainly is no member is refused; when messages cannot say, the command goes to the log', async () => {
  world = await createWorld();
  const anna = await online(ANNA);
  expect(await answerTo(anna, 'send', post('let me in'))).toMatchObject({ ok: false, error: { code: 'not_member' } });
  world.messages.failing = new ParleyError('unavailable');
  expect(await answerTo(anna, 'send', post('perhaps'))).toEqual({ ok: true, status: 'accepted' });
  world.messages.failing = null;
  expect((await commandsInLog()).length).toBe(1);
});

test('no log, no ack: an append that fails or hangs is unavailable and not known', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  const append = world.log.append;
  const log = world.log as { append: typeof append };
  log.append = async () => {
    throw new LogUnavailable('away');
  };
  expect(await answerTo(anna, 'send', post('one'))).toMatchObject({ ok: false, error: { code: 'unavailable', retryAfterMs: 1_000 } });
  expect(world.core.problems().join()).toContain('takes no commands');
  log.append = () => new Promise(() => {});
  expect(await answerTo(anna, 'send', post('two'), 5_100)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  log.append = append;
  expect(await answerTo(anna, 'send', post('three'))).toEqual({ ok: true, status: 'accepted' });
  expect(world.core.problems()).toEqual([]);
});

test('commands of one socket and room reach the log in the order sent, also through a membership question', async () => {
  world = await createWorld();
  const anna = await online(ANNA);
  // The gateway has not heard of the join yet.
  world.fate = () => 'lose';
  await world.messages.join(ROOM, ANNA);
  const answers = ['1', '2', '3', '4'].map((text) => anna.request('send', post(text)));
  await world.clock.advance(300);
  expect(await Promise.all(answers)).toEqual(Array(4).fill({ ok: true, status: 'accepted' }));
  expect((await commandsInLog()).map((command) => (command as { body?: { text?: string } }).body?.text)).toEqual(['1', '2', '3', '4']);
});

test('a person who floods is closed, though some frame of a flood is always taken', async () => {
  world = await createWorld({ rates: { person: { frames: { burst: 10, perSecond: 50 } } } });
  const anna = await online(ANNA);
  for (let i = 0; i < 30 && !anna.socket.isClosed; i++) {
    for (let j = 0; j < 50; j++) void anna.request('nope', {});
    await world.clock.advance(20);
  }
  expect(anna.socket.isClosed).toBe(true);
  expect(anna.socket.received.at(-1)).toMatchObject({ name: 'bye', payload: { code: 'slow_down' } });
});

test('a person who posts too fast is told when to go on; a load key has a class of its own', async () => {
  world = await createWorld({ rates: { person: { send: { burst: 3, perSecond: 1 } } } });
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  const answers = await Promise.all([1, 2, 3, 4].map((n) => anna.request('send', post(`${n}`))));
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false]);
  expect(answers[3]).toMatchObject({ error: { code: 'slow_down' } });
  // A second socket of the same person does not begin anew.
  expect(await answerTo(await online(ANNA), 'send', post('5'), 10)).toMatchObject({ error: { code: 'slow_down' } });
  await world.clock.advance(2_000);
  expect(await answerTo(anna, 'send', post('6'))).toMatchObject({ ok: true });
});

test('in-flight appends are bounded per socket', async () => {
  world = await createWorld({ rates: { person: { inFlight: 2 } } });
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  const append = world.log.append;
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  (world.log as { append: typeof append }).append = (topic, entries) => gate.then(() => append(topic, entries));
  const answers = [1, 2, 3].map((n) => anna.request('send', post(`${n}`)));
  expect(await answers[2]).toMatchObject({ error: { code: 'slow_down' } });
  go();
  expect(await Promise.all(answers.slice(0, 2))).toMatchObject([{ ok: true }, { ok: true }]);
});

test('results reach every socket of their author', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const consumption = await world.messages.follow(world.log);
  const sockets = [await online(ANNA), await online(ANNA)];
  const command = post('hello');
  await answerTo(sockets[0] as Client, 'send', command);
  for (const socket of sockets) expect(socket.frames('result')).toEqual([{ room: ROOM, clientId: command.clientId, status: 'committed', seq: 2 }]);
  await consumption.stop();
});

test('bad payloads are refused with a typed answer', async () => {
  world = await createWorld();
  const anna = await online(ANNA);
  const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) as unknown;
  const cases: [string, unknown, string][] = [
    ['nonsense', {}, 'unknown_event'],
    ['__proto__', {}, 'unknown_event'],
    ['constructor', {}, 'unknown_event'],
    ['send', undefined, 'invalid'],
    ['send', 7, 'invalid'],
    ['send', deep, 'invalid'],
    ['send', { ...post('x'), extra: deep }, 'invalid'],
    ['send', post(''), 'invalid'],
    ['send', post('a\u0000b'), 'invalid'],
    ['send', post('\ud800'), 'invalid'],
    ['send', post('x'.repeat(20_000)), 'invalid'],
    ['send', JSON.parse('{"__proto__": {"polluted": true}, "type": "message.post"}'), 'invalid'],
    ['resume', { me: -1, rooms: {} }, 'invalid'],
    ['resume', { me: null, rooms: JSON.parse('{"__proto__": {"epoch": "x", "seq": 1}}') }, 'invalid'],
    ['read', { room: ROOM, seq: 1.5, n: 1 }, 'invalid'],
    ['watch', { people: Array.from({ length: 1_001 }, (_, i) => idOf(2, i)) }, 'invalid'],
    ['auth', { token: 'x'.repeat(5_000) }, 'invalid'],
    ['auth', { token: 'not a token' }, 'unauthenticated'],
  ];
  for (const [name, payload, code] of cases) expect(await answerTo(anna, name, payload, 1), name).toMatchObject({ ok: false, error: { code } });
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(await commandsInLog()).toEqual([]);
  expect(anna.socket.isClosed).toBe(false);
});

test('read marks of one room are joined and written together', async () => {
  world = await createWorld();
  const anna = await online(ANNA);
  for (const [seq, n] of [
    [1, 1],
    [5, 3],
    [3, 2],
  ])
    expect(await anna.request('read', { room: ROOM, seq, n })).toEqual({ ok: true });
  expect(await anna.request('read', { room: idOf(1, 2), seq: 1, n: 1 })).toEqual({ ok: true });
  expect(world.messages.marks).toEqual([]);
  await world.clock.advance(250);
  expect(world.messages.marks).toEqual([
    { user: ANNA, mark: { room: ROOM, seq: 5, n: 3 } },
    { user: ANNA, mark: { room: idOf(1, 2), seq: 1, n: 1 } },
  ]);
  expect(world.messages.calls.get('messages.markRead')).toBe(1);
});

test('typing reaches the others in the room, ends by itself, and is never in the log', async () => {
  world = await createWorld();
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  const [anna, ben] = [await online(ANNA), await online(BEN)];
  const stranger = await online(idOf(2, 9));
  for (let i = 0; i < 5; i++) await answerTo(anna, 'typing', { room: ROOM, on: true }, 100);
  await answerTo(stranger, 'typing', { room: ROOM, on: true });
  expect(ben.frames('typing')).toEqual([{ room: ROOM, user: ANNA, on: true }]);
  expect(anna.frames('typing')).toEqual([]);
  await world.clock.advance(6_100);
  expect(ben.frames('typing').at(-1)).toEqual({ room: ROOM, user: ANNA, on: false });
  await answerTo(anna, 'typing', { room: ROOM, on: true });
  anna.close();
  await world.clock.advance(50);
  expect(ben.frames('typing').map(({ on }) => on)).toEqual([true, false, true, false]);
  expect(await commandsInLog()).toEqual([]);
});

test('presence: answered at once, told when it changes, offline only after the grace', async () => {
  world = await createWorld();
  const ben = await online(BEN);
  expect(await answerTo(ben, 'watch', { people: [ANNA, BEN] })).toEqual({
    ok: true,
    presence: [
      { user: ANNA, state: 'offline' },
      { user: BEN, state: 'online' },
    ],
  });
  const [first, second] = [await online(ANNA), await online(ANNA)];
  await world.clock.advance(300);
  expect(ben.frames('presence')).toEqual([[{ user: ANNA, state: 'online' }]]);
  first.close();
  await world.clock.advance(15_000);
  second.close();
  await world.clock.advance(5_000);
  const back = await online(ANNA);
  await world.clock.advance(20_000);
  expect(ben.frames('presence').length).toBe(1);
  back.close();
  await world.clock.advance(9_500);
  expect(ben.frames('presence').length).toBe(1);
  await world.clock.advance(1_000);
  expect(ben.frames('presence').at(-1)).toEqual([{ user: ANNA, state: 'offline' }]);
});

test('a presence store that forgot everything is told everything again', async () => {
  world = await createWorld();
  const anna = await online(ANNA);
  const { touch } = world.presence;
  const said: (readonly string[])[] = [];
  let forget = true;
  (world.presence as { touch: typeof touch }).touch = async (worker, ttlMs, users) => {
    said.push(users);
    const answer = await touch(worker, ttlMs, users);
    if (!forget) return answer;
    forget = false;
    return 'missing';
  };
  await world.clock.advance(2_600);
  expect(said).toEqual([[], [ANNA]]);
  anna.close();
});

test('those who show a person hear of a changed profile', async () => {
  world = await createWorld();
  const ben = await online(BEN);
  await answerTo(ben, 'watch', { people: [ANNA] });
  const event = { v: 1, type: 'person.changed', user: ANNA, ver: 4, time: 1 };
  await world.log.append(TOPICS.accountEvent, [{ partition: 0, key: ANNA, value: encodeRecord(event) }]);
  await world.clock.advance(100);
  expect(ben.frames('person')).toEqual([{ user: ANNA, ver: 4 }]);
});

test('a socket lives as long as its token and a grace; a fresh token of the same session extends it', async () => {
  world = await createWorld();
  const seconds = Math.floor(world.clock.now() / 1_000);
  const claims = { sub: ANNA, sid: idOf(9, 1), iat: 0, role: 'member', cls: 'person' };
  const [kept, left] = [world.connect(ANNA, { exp: seconds + 10 }), world.connect(ANNA, { exp: seconds + 10 })];
  expect(await answerTo(kept, 'auth', { token: JSON.stringify({ ...claims, sid: idOf(9, 2), exp: seconds + 100 }) })).toMatchObject({
    error: { code: 'forbidden' },
  });
  expect(await answerTo(kept, 'auth', { token: JSON.stringify({ ...claims, exp: seconds + 100 }) })).toMatchObject({ ok: true });
  await world.clock.advance(33_000);
  expect(left.socket.isClosed).toBe(false);
  await world.clock.advance(3_000);
  expect(left.frames('bye')).toMatchObject([{ code: 'token_expired' }]);
  expect([left.socket.isClosed, kept.socket.isClosed]).toEqual([true, false]);
});

test('a revoked session is closed at once, and only it', async () => {
  world = await createWorld();
  const [anna, ben] = [await online(ANNA), await online(BEN)];
  world.revocations.revoke({ v: 1, type: 'session.revoked', session: idOf(9, 1), user: ANNA, time: 1 });
  expect(anna.frames('bye')).toMatchObject([{ code: 'session_revoked' }]);
  expect([anna.socket.isClosed, ben.socket.isClosed]).toEqual([true, false]);
  expect(() => world.connect(ANNA)).toThrow(expect.objectContaining({ code: 'session_revoked' }));
});

test('sockets of one user are bounded', async () => {
  world = await createWorld({ rates: { person: { socketsPerUser: 2 } } });
  const first = world.connect(ANNA);
  world.connect(ANNA);
  expect(() => world.connect(ANNA)).toThrow(expect.objectContaining({ code: 'too_many_sockets' }));
  first.close();
  world.connect(ANNA);
});

test('draining says bye first, finishes what is in flight, answers it, then closes; new ones are refused', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  const append = world.log.append;
  (world.log as { append: typeof append }).append = (topic, entries) =>
    new Promise((resolve, reject) => world.clock.after(2_000, () => append(topic, entries).then(resolve, reject)));
  const answer = anna.request('send', post('last words'));
  await anna.request('read', { room: ROOM, seq: 1, n: 1 });
  const stopped = world.core.stop();
  expect(anna.frames('bye')).toMatchObject([{ code: 'draining', retryAfterMs: expect.any(Number) }]);
  expect(anna.socket.isClosed).toBe(false);
  expect(() => world.core.admit()).toThrow(expect.objectContaining({ code: 'draining' }));
  expect(await anna.request('send', post('too late'))).toMatchObject({ error: { code: 'draining' } });
  await world.clock.advance(2_100);
  await stopped;
  expect(await answer).toEqual({ ok: true, status: 'accepted' });
  expect(anna.socket.isClosed).toBe(true);
  expect(world.messages.marks.length).toBe(1);
  expect(await world.presence.read([ANNA])).toEqual(new Set());
});

test('a drain that cannot finish ends at its hard stop', async () => {
  world = await createWorld({ drainMs: 3_000 });
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  (world.log as { append: unknown }).append = () => new Promise(() => {});
  void anna.request('send', post('never'));
  let ended = false;
  const stopped = world.core.stop().then(() => {
    ended = true;
  });
  await world.clock.advance(2_900);
  expect(ended).toBe(false);
  await world.clock.advance(200);
  await stopped;
  expect(anna.socket.isClosed).toBe(true);
});

test('who was a member once may say it again: only messages knows whether it was decided', async () => {
  world = await createWorld();
  await world.messages.join(ROOM, ANNA);
  const anna = await online(ANNA);
  await world.messages.remove(ROOM, ANNA);
  await world.clock.advance(100);
  expect(anna.frames('gone').length).toBe(1);
  expect(await answerTo(anna, 'send', post('again'))).toEqual({ ok: true, status: 'accepted' });
});

test('one room takes only so many commands, whoever sends them', async () => {
  world = await createWorld({ limits: { roomSends: { burst: 2, perSecond: 1 } } });
  for (const user of [ANNA, BEN]) await world.messages.join(ROOM, user);
  await world.messages.join(idOf(1, 2), ANNA);
  const [anna, ben] = [await online(ANNA), await online(BEN)];
  const answers = await Promise.all([anna.request('send', post('1')), ben.request('send', post('2')), ben.request('send', post('3'))]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, false]);
  expect(await answerTo(anna, 'send', post('4', idOf(1, 2)), 5)).toMatchObject({ ok: true });
});

test('a socket too full for presence is told it later, all of it', async () => {
  world = await createWorld({ queue: { softBytes: 10, hardBytes: 100_000 } });
  await world.messages.join(ROOM, BEN);
  const ben = await online(BEN);
  await answerTo(ben, 'watch', { people: [ANNA, BEN] });
  ben.socket.slow(true);
  await world.messages.post(ROOM, BEN, 'this stays in the queue');
  const anna = await online(ANNA);
  await world.clock.advance(1_000);
  expect(ben.frames('presence')).toEqual([]);
  ben.socket.slow(false);
  await world.clock.advance(300);
  expect(ben.frames('presence')).toEqual([
    [
      { user: ANNA, state: 'online' },
      { user: BEN, state: 'online' },
    ],
  ]);
  anna.close();
});

test('who asks and never reads the answers is closed before it costs memory', async () => {
  world = await createWorld({ queue: { softBytes: 100, hardBytes: 1_000, floodBytes: 2_000 } });
  const anna = await online(ANNA);
  anna.socket.slow(true);
  // Acks of a real socket go into the same queue.
  for (let i = 0; i < 50; i++) anna.socket.emit('live', { room: ROOM, seq: i });
  await world.clock.advance(1_100);
  expect(anna.frames('bye')).toMatchObject([{ code: 'overloaded' }]);
  expect(anna.socket.isClosed).toBe(true);
});
