// The gateway over real Socket.IO: who gets in, what the wire looks like, and that nothing a client sends can hurt it.
import { once } from 'node:events';
import net from 'node:net';
import { LIMITS, TOPICS } from '@parley/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { authOf, collect, type Gate, next, openGate } from './gate.ts';
import { claimsOf, idOf } from './world.ts';

const ROOM = idOf(1, 1);
const [ANNA, BEN] = [idOf(2, 1), idOf(2, 2)];
let gate: Gate;
const rawSockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of rawSockets.splice(0)) socket.close();
  await gate.stop();
});

const post = (text: string, n = 1) => ({ type: 'message.post', room: ROOM, clientId: idOf(8, n), body: { text } });
const refusal = async (auth: unknown, options?: object): Promise<Record<string, unknown>> => {
  const error = await next<Error & { data?: Record<string, unknown> }>(gate.connect(auth, options), 'connect_error');
  return error.data ?? { message: error.message };
};

/** A client that writes packets by hand. */
async function rawClient(): Promise<{ socket: WebSocket; packets: string[]; closed: Promise<void> }> {
  const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  rawSockets.push(socket);
  const packets: string[] = [];
  socket.addEventListener('message', (event) => packets.push(String(event.data)));
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  await once(socket, 'open');
  return { socket, packets, closed };
}

async function rawSignedIn(): Promise<Awaited<ReturnType<typeof rawClient>>> {
  const raw = await rawClient();
  raw.socket.send(`40${JSON.stringify(authOf(ANNA))}`);
  await vi.waitFor(() => expect(raw.packets.some((packet) => packet.startsWith('42["hello"'))).toBe(true));
  return raw;
}

test('handshakes are refused with the reason as data', async () => {
  gate = await openGate({ rates: { person: { socketsPerUser: 1 } } });
  expect(await refusal({})).toMatchObject({ code: 'invalid' });
  expect(await refusal({ token: 'x', protocol: 1 })).toMatchObject({ code: 'unauthenticated' });
  expect(await refusal({ ...authOf(ANNA), protocol: 99 })).toMatchObject({ code: 'unsupported_protocol', details: { protocol: LIMITS.protocolVersion } });
  expect(await refusal({ token: 'x'.repeat(5_000), protocol: 1 })).toMatchObject({ code: 'invalid' });
  gate.revocations.revoke({ v: 1, type: 'session.revoked', session: claimsOf(BEN).sid, user: BEN, time: 1 });
  expect(await refusal(authOf(BEN))).toMatchObject({ code: 'session_revoked' });
  await next(gate.connect(authOf(ANNA)), 'hello');
  expect(await refusal(authOf(ANNA))).toMatchObject({ code: 'too_many_sockets' });
});

test('origins: the own host and the listed ones connect, a browser from elsewhere does not, who says none does', async () => {
  gate = await openGate();
  for (const origin of [gate.url, 'https://chat.example']) await next(gate.connect(authOf(ANNA), { extraHeaders: { origin } }), 'hello');
  await next(gate.connect(authOf(ANNA)), 'hello');
  for (const origin of ['https://evil.example', 'https://chat.example.evil.example', 'http://chat.example', 'null']) {
    expect(await refusal(authOf(ANNA), { extraHeaders: { origin } })).toEqual({ message: 'websocket error' });
  }
});

test('who leaves the namespace loses the connection: it would be one that no limit counts', async () => {
  gate = await openGate({ rates: { person: { socketsPerUser: 1 } } });
  for (let i = 0; i < 3; i++) {
    const { socket, closed } = await rawSignedIn();
    socket.send('41');
    await closed;
  }
});

test('admission is bounded before any token is looked at', async () => {
  gate = await openGate({ limits: { admission: { burst: 1, perSecond: 0.001 } } });
  await next(gate.connect(authOf(ANNA)), 'hello');
  expect(await refusal({ token: 'x', protocol: 1 })).toMatchObject({ code: 'overloaded', retryAfterMs: expect.any(Number) });
});

test('only WebSocket, only the default namespace', async () => {
  gate = await openGate();
  const polling = await fetch(`${gate.url}/socket.io/?EIO=4&transport=polling`);
  expect(polling.status).toBe(400);
  const { socket, closed } = await rawClient();
  socket.send(`40/admin,${JSON.stringify(authOf(ANNA))}`);
  await closed;
});

test('a message goes from one stock client to the other and back as a result', async () => {
  gate = await openGate();
  for (const user of [ANNA, BEN]) await gate.messages.join(ROOM, user);
  const [anna, ben] = [gate.connect(authOf(ANNA)), gate.connect(authOf(BEN))];
  await Promise.all([next(anna, 'hello'), next(ben, 'hello')]);
  for (const socket of [anna, ben]) {
    const live = next(socket, 'live');
    expect(await socket.emitWithAck('resume', { me: null, rooms: {} })).toMatchObject({ ok: true, rooms: { [ROOM]: { from: 2 } } });
    await live;
  }
  const [event, result] = [next(ben, 'event'), next(anna, 'result')];
  expect(await anna.emitWithAck('send', post('grüße 👋'))).toEqual({ ok: true, status: 'accepted' });
  expect(await event).toMatchObject({ room: ROOM, seq: 3, author: ANNA, body: { text: 'grüße 👋' } });
  expect(await result).toEqual({ room: ROOM, clientId: idOf(8, 1), status: 'committed', seq: 3 });
});

test('resume answers before its events, and the events come in order', async () => {
  gate = await openGate();
  await gate.messages.join(ROOM, ANNA);
  for (let i = 0; i < 300; i++) gate.messages.postUnheard(ROOM, ANNA, 'x'.repeat(i));
  const anna = gate.connect(authOf(ANNA));
  await next(anna, 'hello');
  const order: string[] = [];
  const seqs: number[] = [];
  anna.on('event', ({ seq }: { seq: number }) => {
    order.push('event');
    seqs.push(seq);
  });
  const live = next(anna, 'live');
  anna.emit('resume', { me: null, rooms: { [ROOM]: { epoch: gate.messages.epoch, seq: 1 } } }, () => order.push('ack'));
  expect(await live).toEqual({ room: ROOM, seq: 301 });
  expect(order[0]).toBe('ack');
  expect(seqs).toEqual(Array.from({ length: 300 }, (_, i) => i + 2));
});

test('valid packets that make no sense get a typed answer; none of them writes anything', async () => {
  gate = await openGate();
  const raw = await rawSignedIn();
  const brackets = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  const packets: [string, string][] = [
    ['421["nonsense",{}]', 'unknown_event'],
    ['421["error",{}]', 'unknown_event'],
    ['421["__proto__",{}]', 'unknown_event'],
    ['421[7,{}]', 'unknown_event'],
    ['421["send"]', 'invalid'],
    ['421["send",null,null]', 'invalid'],
    ['421["send",{"type":"message.post"}]', 'invalid'],
    [`421["send",${brackets}]`, 'invalid'],
    [`421["send",{"__proto__":{"a":${brackets.slice(0, 100)}${brackets.slice(-100)}}}]`, 'invalid'],
    ['421["resume",{"me":"x"}]', 'invalid'],
  ];
  for (const [packet, code] of packets) {
    const before = raw.packets.length;
    raw.socket.send(packet);
    await vi.waitFor(() => expect(raw.packets.slice(before).find((answer) => answer.startsWith('431'))).toContain(`"code":"${code}"`));
  }
  // Without an ack id nobody asked for an answer; the socket lives on.
  raw.socket.send('42["nonsense"]');
  raw.socket.send('43999[]');
  // A binary event is a valid packet: its attachment arrives, and it is no command.
  raw.socket.send('451-5["send",{"_placeholder":true,"num":0}]');
  raw.socket.send(new Uint8Array([1, 2, 3]));
  await vi.waitFor(() => expect(raw.packets.at(-1)).toMatch(/^435.*"code":"invalid"/));
  const ends = await gate.log.ends(TOPICS.roomCommand);
  expect(ends.partitions.every(({ from, next }) => from === next)).toBe(true);
});

test.each([
  ['a packet of no type', '4x'],
  ['broken JSON', '42["send",'],
  ['an event that is no array', '42{"send":1}'],
  ['a reserved event', '42["disconnect"]'],
  ['an ack id that is no number any more', `42${'9'.repeat(400)}["send",{}]`],
  ['a second connect', `40${JSON.stringify(authOf(ANNA))}`],
  ['attachments without end', '4599999-["send",{"_placeholder":true,"num":0}]'],
  ['text instead of an attachment', '451-["send",{"_placeholder":true,"num":0}]42["x"]'],
  ['a placeholder in 30,000 brackets', `451-["send",${'['.repeat(30_000)}{"_placeholder":true,"num":0}${']'.repeat(30_000)}]`],
  ['a frame over the limit', `42["send","${'x'.repeat(LIMITS.frameBytes)}"]`],
  ['an engine packet of no type', '9'],
])('%s closes the socket and nothing else', async (_name, packet) => {
  gate = await openGate();
  const witness = gate.connect(authOf(BEN));
  await next(witness, 'hello');
  const raw = await rawSignedIn();
  raw.socket.send(packet);
  if (packet.startsWith('451-')) raw.socket.send(packet.includes('[[') ? new Uint8Array([1]) : '42["x"]');
  await raw.closed;
  expect(await witness.emitWithAck('read', { room: ROOM, seq: 1, n: 1 })).toEqual({ ok: true });
  await vi.waitFor(() => expect(gate.gateway.stats().sockets).toBe(1));
});

test('a command in brackets as deep as allowed but of the wrong shape is refused, and the same socket can go on', async () => {
  gate = await openGate();
  const anna = gate.connect(authOf(ANNA));
  await next(anna, 'hello');
  let nested: unknown = 1;
  for (let i = 0; i < LIMITS.jsonDepth - 1; i++) nested = [nested];
  expect(await anna.emitWithAck('send', nested)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  expect(await anna.emitWithAck('watch', { people: [ANNA] })).toEqual({ ok: true, presence: [{ user: ANNA, state: 'online' }] });
});

test('bye comes before the close, and a stock client comes back by itself', async () => {
  gate = await openGate();
  const anna = gate.connect(authOf(ANNA), { reconnection: true, reconnectionDelay: 10 });
  await next(anna, 'hello');
  const [bye, gone] = [next(anna, 'bye'), next<string>(anna, 'disconnect')];
  gate.messages.epoch = idOf(5, 2);
  // The next answer of messages names another history.
  gate.connect(authOf(BEN)).emit('resume', { me: null, rooms: {} });
  expect(await bye).toMatchObject({ code: 'overloaded' });
  expect(await gone).toBe('transport close');
  expect(await next(anna, 'hello')).toMatchObject({ epoch: idOf(5, 2) });
});

test('a stop tells everybody, answers what is in flight, and refuses who comes after', async () => {
  gate = await openGate();
  await gate.messages.join(ROOM, ANNA);
  const anna = gate.connect(authOf(ANNA));
  await next(anna, 'hello');
  await anna.emitWithAck('resume', { me: null, rooms: {} });
  const append = gate.log.append;
  let go = (): void => {};
  const opened = new Promise<void>((resolve) => {
    go = resolve;
  });
  const appending = new Promise<void>((resolve) => {
    (gate.log as { append: typeof append }).append = async (topic, entries) => {
      resolve();
      await opened;
      await append(topic, entries);
    };
  });
  const [bye, gone] = [next(anna, 'bye'), next(anna, 'disconnect')];
  const acked = anna.emitWithAck('send', post('last'));
  await appending;
  const stopped = gate.gateway.stop();
  expect(await bye).toMatchObject({ code: 'draining' });
  go();
  expect(await acked).toEqual({ ok: true, status: 'accepted' });
  await gone;
  await stopped;
  expect(await refusal(authOf(ANNA))).toMatchObject({ message: 'websocket error' });
});

test('a client that stops reading falls behind without costing memory, and the others do not notice', async () => {
  gate = await openGate({ queue: { softBytes: 50_000, hardBytes: 200_000 } });
  for (const user of [ANNA, BEN]) await gate.messages.join(ROOM, user);
  const ben = gate.connect(authOf(BEN));
  await next(ben, 'hello');
  const seen = collect<{ seq: number }>(ben, 'event');
  await ben.emitWithAck('resume', { me: null, rooms: {} });
  // Reads its handshake, then nothing more.
  const slow = net.connect(Number(new URL(gate.url).port), '127.0.0.1');
  slow.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let got = '';
  slow.on('data', (chunk) => {
    const before = got;
    got += chunk.toString('latin1');
    const arrived = (sign: string): boolean => got.includes(sign) && !before.includes(sign);
    if (arrived('"sid"')) slow.write(masked(`40${JSON.stringify(authOf(ANNA))}`));
    if (arrived('"hello"')) slow.write(masked('421["resume",{"me":null,"rooms":{}}]'));
    if (arrived('"live"')) slow.pause();
  });
  await vi.waitFor(() => expect(slow.isPaused()).toBe(true));
  const text = 'x'.repeat(16_000);
  let sent = 0;
  while (gate.gateway.stats().behind === 0 && sent < 2_000) {
    await gate.messages.post(ROOM, BEN, text);
    sent += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(gate.gateway.stats()).toMatchObject({ behind: 1, stalled: 1 });
  await vi.waitFor(() => expect(seen.length).toBe(sent));
  slow.resume();
  await vi.waitFor(() => expect(gate.gateway.stats().stalled).toBe(0), { timeout: 5_000 });
  slow.destroy();
});

/** A masked text frame of a client, with a mask of zeros. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}
