// Our own server against clients that are rude, slow, silent or gone: what it answers, what still reaches them, and that it lets go of each.
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { createManualClock, type ManualClock } from '@parley/ports';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EngineServer, serveEngine } from '../src/wire/engine-server.ts';
import type { EngineSocket } from '../src/wire/engine-socket.ts';
import { textFrame } from '../src/wire/frames.ts';
import { type Ack, type SocketIoApp, SocketIoSocket } from '../src/wire/socket-io-socket.ts';

const [INTERVAL, TIMEOUT] = [8_000, 6_000];
const MAX_BYTES = 1_000;

let clock: ManualClock;
let server: http.Server;
let engine: EngineServer;
let open: EngineSocket[];
let gone: number;
let cap: number;
const clients: Client[] = [];

const app: SocketIoApp<object, unknown> = {
  authenticate: async (auth) => auth,
  accept: () => ({}),
  refusal: () => ({ message: 'refused' }),
  event: (_peer, args, ack: Ack | null) => ack?.(...args),
  closed: () => {
    gone += 1;
  },
};

beforeEach(async () => {
  clock = createManualClock();
  [open, gone, cap] = [[], 0, 100];
  server = http.createServer((_request, response) => response.end('elsewhere'));
  engine = serveEngine(server, {
    clock,
    pingIntervalMs: INTERVAL,
    pingTimeoutMs: TIMEOUT,
    maxBytes: MAX_BYTES,
    perSecond: 10_000,
    refusal: (_request, count) => (count >= cap ? 'overloaded' : null),
    sidOf: (nr) => `e${nr}`,
    opener: (shared) => {
      const all = { ...shared, app, prefix: 's' };
      return (raw, nr) => {
        const socket = new SocketIoSocket(raw, all, nr);
        open.push(socket);
        return socket;
      };
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.raw.destroy();
  const closing = engine.close();
  await clock.advance(2_000);
  await closing;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const HEAD = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const PATH = '/socket.io/?EIO=4&transport=websocket';

/** A TCP client that writes what it likes. */
class Client {
  readonly raw: net.Socket;
  got = '';
  constructor(allowHalfOpen = true) {
    this.raw = net.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen });
    this.raw.on('error', () => {});
    this.raw.on('data', (chunk) => {
      this.got += chunk.toString('latin1');
    });
    clients.push(this);
  }
  async until(part: string): Promise<void> {
    await vi.waitFor(() => expect(this.got).toContain(part), { interval: 2 });
  }
  frame(opcode: number, payload: string | Uint8Array, { fin = true, masked = true } = {}): void {
    const body = Buffer.from(payload);
    const length = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 255];
    length[0] = (length[0] as number) | (masked ? 0x80 : 0);
    this.raw.write(Buffer.concat([Uint8Array.of((fin ? 0x80 : 0) | opcode, ...length), Buffer.alloc(masked ? 4 : 0), body]));
  }
  text(text: string): void {
    this.frame(1, text);
  }
}

async function upgraded(): Promise<Client> {
  const client = new Client();
  client.raw.write(`GET ${PATH} HTTP/1.1\r\n${HEAD}\r\n`);
  await client.until('"maxPayload":1000}');
  return client;
}

async function connected(): Promise<Client> {
  const client = await upgraded();
  client.text('40');
  await client.until('40{"sid":"s');
  return client;
}

const last = (): EngineSocket => open.at(-1) as EngineSocket;
const closeOf = (code: number): string => String.fromCharCode(0x88, 2, code >> 8, code & 255);

test.each([
  ['another method', `POST ${PATH} HTTP/1.1\r\n${HEAD}\r\n`, 'Bad handshake method'],
  ['a key that is none', `GET ${PATH} HTTP/1.1\r\n${HEAD.replace('dGhl', 'x')}\r\n`, 'Bad request'],
  ['another version of WebSocket', `GET ${PATH} HTTP/1.1\r\n${HEAD.replace('13', '7')}\r\n`, 'Bad request'],
  ['another version of Engine.IO', `GET ${PATH.replace('EIO=4', 'EIO=3')} HTTP/1.1\r\n${HEAD}\r\n`, 'Unsupported protocol version'],
  ['a session to upgrade', `GET ${PATH}&sid=e1 HTTP/1.1\r\n${HEAD}\r\n`, 'Session ID unknown'],
])('an upgrade with %s is answered 400 with the reason', async (_name, request, reason) => {
  const client = new Client(false);
  client.raw.write(request);
  await client.until(reason);
  expect(client.got).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  expect(open).toEqual([]);
});

test('over the cap nobody is let in, and who left makes room', async () => {
  cap = 1;
  const first = await connected();
  const second = new Client(false);
  second.raw.write(`GET ${PATH} HTTP/1.1\r\n${HEAD}\r\n`);
  await second.until('overloaded');
  first.raw.destroy();
  await vi.waitFor(() => expect(gone).toBe(1));
  await connected();
});

test('what is not ours stays whose it was, and an upgrade that nobody takes is ended', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await (await fetch(`${url}/else`)).text()).toBe('elsewhere');
  expect((await fetch(`${url}/socket.io/`)).status).toBe(400);
  const client = new Client(false);
  client.raw.write(`GET /else HTTP/1.1\r\n${HEAD}\r\n`);
  const ended = once(client.raw, 'close');
  while (!client.raw.closed) {
    await clock.advance(100);
    await new Promise(setImmediate);
  }
  await ended;
  expect(client.got).toBe('');
});

test('the first of the asked subprotocols is spoken', async () => {
  const client = new Client();
  client.raw.write(`GET ${PATH} HTTP/1.1\r\n${HEAD}Sec-WebSocket-Protocol: chat, other\r\n\r\n`);
  await client.until('Sec-WebSocket-Protocol: chat\r\n');
});

test('the first frame may come with the upgrade', async () => {
  const client = new Client();
  client.raw.write(Buffer.concat([Buffer.from(`GET ${PATH} HTTP/1.1\r\n${HEAD}\r\n`), Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30)]));
  await client.until('40{"sid":"s');
});

test('pings of WebSocket are answered, also within a message in parts', async () => {
  const client = await connected();
  client.frame(1, '421["a', { fin: false });
  client.frame(9, 'are you there');
  client.frame(0, '",1]');
  await client.until('431["a",1]');
  expect(client.got).toContain(`\x8a\x0dare you there`);
  expect(client.got.indexOf('are you there')).toBeLessThan(client.got.indexOf('431['));
});

test.each([
  ['an unmasked frame', 1002, (client: Client) => client.frame(1, '3', { masked: false })],
  ['text that is no UTF-8', 1007, (client: Client) => client.frame(1, Uint8Array.of(0x34, 0xff))],
  ['a message over the limit', 1009, (client: Client) => client.frame(1, 'x'.repeat(MAX_BYTES + 1))],
  ['a goodbye, answered in kind', 4_000, (client: Client) => client.frame(8, Uint8Array.of(15, 160))],
])('%s closes with %i', async (_name, code, send) => {
  const client = await connected();
  send(client);
  await client.until(closeOf(code));
  await vi.waitFor(() => expect(gone).toBe(1));
  client.raw.end();
  await once(client.raw, 'close');
});

test('everything that was written comes before the close, and nothing after', async () => {
  const client = await connected();
  client.raw.pause();
  const frame = textFrame('x'.repeat(60_000));
  for (let i = 0; i < 200; i++) last().write(frame);
  expect(last().bufferedBytes()).toBeGreaterThan(1_000_000);
  last().close(false);
  last().write(textFrame('too late'));
  expect(gone).toBe(1);
  client.raw.resume();
  await once(client.raw, 'end');
  expect(client.got.split('x'.repeat(60_000)).length).toBe(201);
  expect(client.got.endsWith('x\x88\x00')).toBe(true);
});

test('a client that never ends its side is cut', async () => {
  cap = 1;
  const client = await connected();
  last().close(false);
  await once(client.raw, 'end');
  await clock.advance(4_500);
  const early = new Client(false);
  early.raw.write(`GET ${PATH} HTTP/1.1\r\n${HEAD}\r\n`);
  await early.until('overloaded');
  await clock.advance(1_000);
  await vi.waitFor(() => connected());
});

test('who ends its side without a goodbye is let go, told or not', async () => {
  const client = await connected();
  client.raw.end();
  await once(client.raw, 'end');
  expect(client.got.endsWith('\x88\x00')).toBe(true);
  await vi.waitFor(() => expect(gone).toBe(1));
});

test('who is reset in the middle of a frame is let go', async () => {
  const client = await connected();
  client.raw.write(Uint8Array.of(0x81, 0x85, 0));
  client.raw.resetAndDestroy();
  await vi.waitFor(() => expect(gone).toBe(1));
});

/** Lets time go by while this client answers its pings. */
async function advance(ms: number, alive: Client): Promise<void> {
  for (let i = 0; i < ms; i += 125) {
    await clock.advance(125);
    await new Promise(setImmediate);
    if (!alive.got.endsWith('\x81\x012')) continue;
    alive.got = '';
    alive.text('3');
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
}

test('who does not answer a ping is cut after the timeout; who answers stays', async () => {
  const [silent, alive] = [await connected(), await connected()];
  const cut = once(silent.raw, 'close');
  await advance(3 * INTERVAL, alive);
  silent.raw.end();
  await cut;
  expect(gone).toBe(1);
  alive.text('429["still",1]');
  await alive.until('439["still",1]');
});

test('who never says who it is is closed, and what it sends meanwhile is not heard', async () => {
  const [hasty, mute] = [await upgraded(), await upgraded()];
  hasty.text('421["send",1]');
  await hasty.until(closeOf(1002));
  const ended = once(mute.raw, 'end');
  await advance(INTERVAL + TIMEOUT + 250, mute);
  await ended;
  expect(mute.got).toBe('\x88\x00');
  expect(gone).toBe(0);
});
