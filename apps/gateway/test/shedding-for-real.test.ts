// The ladder on a real gateway: a real event loop that is blocked, and a real reader that does not read. What its metrics then say.
import net from 'node:net';
import { createMetrics, type Metrics } from '@parley/runtime';
import { afterEach, expect, test, vi } from 'vitest';
import { watchGateway } from '../src/cluster/gateway-metrics.ts';
import { authOf, type Gate, next, openGate } from './gate.ts';
import { idOf } from './world.ts';

const ROOM = idOf(1, 1);
const [ANNA, BEN] = [idOf(2, 1), idOf(2, 2)];
const NEVER = [1e15, 1e15, 1e15, 1e15, 1e15];
let gate: Gate;
let metrics: Metrics;

afterEach(() => gate.stop());

const read = async (name: string): Promise<number> => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await metrics.text())?.[1]);
const step = (): Promise<number> => read('parley_gateway_shedding_step');
const turn = (ms: number): Promise<void> => {
  for (const until = performance.now() + ms; performance.now() < until; );
  return new Promise((resolve) => setImmediate(resolve));
};

test('a blocked event loop moves the step, new sockets are sent away at the top, and it comes back by itself', async () => {
  gate = await openGate({ shedding: { lateMs: [40, 50, 60, 70, 80], queueBytes: NEVER, calmSamples: 1 } });
  metrics = createMetrics({ defaults: false });
  watchGateway(gate.gateway, metrics);
  const first = gate.connect(authOf(ANNA));
  await next(first, 'hello');
  for (let i = 0; i < 100 && (await step()) < 5; i++) await turn(150);
  expect(await step()).toBe(5);
  expect(await read('parley_gateway_loop_late_seconds')).toBeGreaterThan(0.08);
  expect(gate.gateway.problems().join()).toContain('step 5 of 5, full');
  const refused = gate.connect(authOf(BEN));
  const bye = new Promise<Record<string, unknown>>((resolve) => {
    refused.once('bye', resolve);
    refused.once('connect_error', (error) => resolve((error as Error & { data: Record<string, unknown> }).data));
  });
  expect(await bye).toMatchObject({ code: 'overloaded', retryAfterMs: expect.any(Number) });
  expect(first.connected).toBe(true);
  await vi.waitFor(async () => expect(await step()).toBe(0), { timeout: 20_000, interval: 100 });
  expect(await read('parley_gateway_shedding_changes_total')).toBeGreaterThanOrEqual(10);
  await next(gate.connect(authOf(BEN)), 'hello');
}, 60_000);

test('a reader that does not read moves the step by what waits for it, is told behind, and has everything in the end', async () => {
  const KB = 1_000;
  gate = await openGate({
    shedding: { lateMs: NEVER, queueBytes: [100 * KB, 150 * KB, 200 * KB, 250 * KB, 1e15], calmSamples: 1 },
    // Nobody is behind by their own queue alone here.
    queue: { softBytes: 50 * KB, hardBytes: 1e12, floodBytes: 1e12, ageMs: 600_000 },
  });
  metrics = createMetrics({ defaults: false });
  watchGateway(gate.gateway, metrics);
  for (const user of [ANNA, BEN]) await gate.messages.join(ROOM, user);
  const reader = await readSlowly(Number(new URL(gate.url).port));
  let sent = 0;
  const post = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await gate.messages.post(ROOM, BEN, 'x'.repeat(16 * KB));
      sent += 1;
      await turn(0);
    }
  };
  // The kernel takes some of it.
  while ((await read('parley_gateway_queue_bytes')) < 300 * KB) {
    await post(5);
    await turn(10);
  }
  // The kernel may still take some, and then it catches up and falls behind again.
  let highest = 0;
  await vi.waitFor(
    async () => {
      await post(1);
      highest = Math.max(highest, await step());
      expect(gate.gateway.stats().behind).toBeGreaterThan(0);
    },
    { timeout: 30_000, interval: 100 },
  );
  expect(highest).toBe(4);
  expect(await metrics.text()).toMatch(new RegExp(`^parley_gateway_room_cpu_share\\{room="${ROOM}"\\} 0\\.`, 'm'));
  reader.socket.resume();
  await vi.waitFor(async () => expect(await step()).toBe(0), { timeout: 20_000, interval: 100 });
  await post(1);
  const all = Array.from({ length: sent }, (_, i) => i + 3);
  await vi.waitFor(() => expect(reader.seqs()).toEqual(all), { timeout: 10_000 });
  expect(reader.got()).toContain('["behind"');
  reader.socket.destroy();
}, 90_000);

/** Reads until it is live in the room, then nothing more until it is resumed. Its heart goes on meanwhile, or it would be cut off on a slow machine. */
async function readSlowly(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let got = '';
  const done = new Set<string>();
  const once = (sign: string, then: () => void): void => {
    if (done.has(sign) || !got.includes(sign)) return;
    done.add(sign);
    then();
  };
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    once('"sid"', () => socket.write(masked(`40${JSON.stringify(authOf(ANNA))}`)));
    once('"hello"', () => socket.write(masked('421["resume",{"me":null,"rooms":{}}]')));
    once('"live"', () => socket.pause());
  });
  const heart = setInterval(() => socket.write(masked('3')), 1_000);
  socket.once('close', () => clearInterval(heart));
  await vi.waitFor(() => expect(socket.isPaused()).toBe(true));
  return { socket, got: () => got, seqs: () => [...got.matchAll(/\["event",\{"room":"[^"]+","seq":(\d+)/g)].map(([, seq]) => Number(seq)) };
}

/** A masked text frame of a client, with a mask of zeros. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}
