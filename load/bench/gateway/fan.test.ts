// The load client is a judge, so it is judged: it sees every delivery of a real gateway, and what a broken server loses or doubles, also in joined frames.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { buildFan } from '../fan/build-fan.ts';
import { runFan } from '../fan/fan.ts';
import { startTarget } from '../targets/start.ts';
import { frameOf, type WithSocket } from '../targets/ws-rooms.ts';
import { fitLine } from './fit-line.ts';

const built = await buildFan();
const ended: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** The client, or the test is skipped here; where all is tested, having none is a failure. */
function fanProgram(context: TestContext): string {
  if ('program' in built) return built.program;
  if (process.env.CI === 'true') throw new Error(built.missing);
  return context.skip(`No load client: ${built.missing}`);
}

const TINY = { conns: 20, rooms: 4, rates: 100, dur: '600ms', warm: '100ms', settle: '10ms', drain: '500ms' };

it('the load client counts every delivery of a gateway, once each and in order', async (context) => {
  const program = fanProgram(context);
  const gateway = await startTarget('parley-gateway', { rooms: TINY.rooms });
  ended.push(() => gateway.stop());
  const { connect, phases } = await runFan(program, {
    profile: 'parley',
    urls: [`127.0.0.1:${gateway.port}`],
    publishers: [`127.0.0.1:${gateway.injectPort}`],
    groups: { server: [gateway.pid] },
    // Steps of a ramp may be tried again on a busy machine; rates are not.
    work: { ...TINY, rates: '100,400,800' },
  });
  expect(connect.rss_kib_per_conn?.server).toBeGreaterThan(0);
  expect(phases.map(({ rate, sent, received }) => ({ rate, sent, received }))).toEqual([
    { rate: 100, sent: 60, received: 300 },
    { rate: 400, sent: 240, received: 1_200 },
    { rate: 800, sent: 480, received: 2_400 },
  ]);
  expect(phases.map(({ lost, gaps, doubled, closed }) => lost + gaps + doubled + closed)).toEqual([0, 0, 0]);
  expect(phases[0]?.cpu_s.server).toBeGreaterThan(0);
});

/** A server of one room that joins three messages, and whose `fault` may lose or double some on the way to its first member. */
async function serveFaulty(fault: (frame: Buffer, nr: number) => readonly Buffer[]): Promise<string> {
  const server = http.createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const members: (WebSocket & WithSocket)[] = [];
  let waiting: Buffer[] = [];
  let nr = 0;
  sockets.on('connection', (socket, request) => {
    if (request.url?.includes('room') === true) members.push(socket as WebSocket & WithSocket);
    socket.on('message', (data) => {
      waiting.push(frameOf(String(data)));
      if (waiting.length < 3) return;
      const frames = waiting;
      waiting = [];
      const first = nr;
      nr += frames.length;
      for (const [i, member] of members.entries()) {
        const sent = i === 0 ? frames.flatMap((frame, at) => fault(frame, first + at)) : frames;
        member._socket.write(Buffer.concat(sent));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ended.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const JOINED = { conns: 3, rooms: 1, rates: 100, dur: '600ms', warm: '0s', settle: '10ms', drain: '300ms' };

it.each([
  { what: 'nothing planted', fault: (frame: Buffer) => [frame], found: { lost: 0, gaps: 0, doubled: 0 } },
  { what: 'one lost in the middle', fault: (frame: Buffer, nr: number) => (nr === 20 ? [] : [frame]), found: { lost: 1, gaps: 1, doubled: 0 } },
  { what: 'the first lost', fault: (frame: Buffer, nr: number) => (nr === 0 ? [] : [frame]), found: { lost: 1, gaps: 1, doubled: 0 } },
  { what: 'one doubled', fault: (frame: Buffer, nr: number) => (nr === 20 ? [frame, frame] : [frame]), found: { lost: -1, gaps: 0, doubled: 1 } },
  {
    what: 'as many doubled as lost',
    fault: (frame: Buffer, nr: number) => (nr === 20 ? [] : nr === 30 ? [frame, frame] : [frame]),
    found: { lost: 0, gaps: 1, doubled: 1 },
  },
])('in joined frames the load client finds: $what', async ({ fault, found }, context) => {
  const program = fanProgram(context as unknown as TestContext);
  const url = await serveFaulty(fault);
  const { phases } = await runFan(program, { profile: 'ws', urls: [url], groups: {}, work: JOINED });
  const { lost, gaps, doubled } = phases[0] ?? {};
  expect({ lost, gaps, doubled }).toEqual(found);
});

it('the load client talks to this machine only', async (context) => {
  const program = fanProgram(context);
  await expect(runFan(program, { profile: 'ws', urls: ['192.0.2.1:80'], groups: {}, work: TINY })).rejects.toThrow('only targets on this machine');
});

it('a straight line is found through points that lie on one', () => {
  const line = fitLine([
    [0, 3],
    [1, 5],
    [2, 7],
  ]);
  expect(line).toEqual({ slope: 2, intercept: 3, r2: 1 });
  expect(
    fitLine([
      [0, 1],
      [1, 2],
      [2, 1],
    ]).r2,
  ).toBeCloseTo(0);
});
