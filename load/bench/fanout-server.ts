// The server under `fanout.ts`, in a process of its own: one room, either through a gateway on memory adapters or through a bare
// socket.io room that promises nothing. It measures itself; it is told what to do by messages of its parent.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '@parley/gateway';
import { systemClock, systemRng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { type AccessClaims, type Contract, channelOf, type RequestOf, type ResponseOf, TOPICS } from '@parley/protocol';
import { createLogger, type InternalClient } from '@parley/runtime';
import { Server } from 'socket.io';

const ROOM = '00000001-0000-7000-8000-000000000001';
const EPOCH = '00000005-0000-7000-8000-000000000001';
const TEXT = 'x'.repeat(180);

export type Order = { do: 'memory' } | { do: 'publish'; perSecond: number; seconds: number };
export type Report = { port: number } | { memoryKib: number } | { cpuUs: number; published: number };

const eventOf = (seq: number) => ({
  room: ROOM,
  seq,
  author: EPOCH,
  time: Date.now(),
  clientId: null,
  msgNo: seq,
  type: 'message.posted',
  body: { text: TEXT, replyTo: null, thread: null },
});

/** Everybody is a member of the one room from its beginning. */
function createOneRoomMessages(head: () => number): InternalClient {
  const answers: Record<string, (request: never) => unknown> = {
    'messages.sync': ({ items }: { items: unknown[] }) => ({
      epoch: EPOCH,
      items: items.map(() => ({ me: { ver: 0, full: true, changes: [] }, rights: [{ room: ROOM, role: 'member', floor: 0, joinSeq: 0, head: head() }] })),
    }),
    'messages.heads': ({ rooms }: { rooms: string[] }) => ({ epoch: EPOCH, positions: {}, heads: Object.fromEntries(rooms.map((room) => [room, head()])) }),
    'messages.events': ({ after, limit }: { after: number; limit: number }) => ({
      head: head(),
      events: Array.from({ length: Math.min(limit, head() - after) }, (_, i) => eventOf(after + 1 + i)),
    }),
  };
  return {
    call: async <C extends Contract>(contract: C, request: RequestOf<C>): Promise<ResponseOf<C>> =>
      (answers[contract.name] as (request: unknown) => ResponseOf<C>)(request) as ResponseOf<C>,
  };
}

/** Answers the function that publishes one message to everybody. */
async function serveGateway(server: http.Server): Promise<() => void> {
  let seq = 0;
  const clock = systemClock;
  const feed = createMemoryFeed({ clock });
  const topics = Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, { partitions: 1 }]));
  const gateway = createGateway({
    log: createMemoryEventLog({ topics, clock }),
    feed,
    presence: createMemoryPresence({ clock }),
    internal: createOneRoomMessages(() => seq),
    verifier: {
      verify: async (token): Promise<AccessClaims> => ({ sub: token, sid: token, exp: 4_000_000_000, iat: 0, role: 'member', cls: 'load' }),
    },
    revocations: { isRevoked: () => false, onRevoked: () => () => {} },
    clock,
    rng: systemRng,
    logger: createLogger({ level: 'silent' }),
    config: { origins: [], limits: { admission: { burst: 100_000, perSecond: 100_000 } } },
  });
  gateway.attach(server);
  await gateway.start();
  return () => {
    const event = eventOf(++seq);
    void feed.publish([{ channel: channelOf.room(ROOM), payload: { room: ROOM, events: [event] }, tail: { from: seq, to: seq } }]);
  };
}

function serveBare(server: http.Server): () => void {
  const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false, pingInterval: 8_000, pingTimeout: 6_000 });
  io.on('connection', (socket) => {
    socket.on('resume', (_request: unknown, ack: (answer: object) => void) => {
      void socket.join(ROOM);
      ack({ ok: true });
    });
  });
  let seq = 0;
  return () => void io.to(ROOM).emit('event', eventOf(++seq));
}

async function publishFor(publish: () => void, perSecond: number, seconds: number): Promise<Report> {
  const total = perSecond * seconds;
  const began = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < total; i++) {
    publish();
    const wait = began + ((i + 1) * 1_000) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: user + system, published: total };
}

async function memoryKib(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return process.memoryUsage.rss() / 1024;
}

const server = http.createServer();
const publish = process.argv[2] === 'gateway' ? await serveGateway(server) : serveBare(server);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const say = (report: Report): void => void process.send?.(report);
process.on('message', (order: Order) => {
  if (order.do === 'memory') void memoryKib().then((kib) => say({ memoryKib: kib }));
  else void publishFor(publish, order.perSecond, order.seconds).then(say);
});
process.on('disconnect', () => process.exit(0));
say({ port: (server.address() as AddressInfo).port });
