// A worker with too much to do, step by step: what it leaves out, what it never leaves out, and that it takes all of it up again.
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { STEPS } from '../src/load/next-step.ts';
import { createFakeSocket } from './fake-socket.ts';
import { type Client, claimsOf, createWorld, idOf, type World } from './world.ts';

const [LOUD, QUIET] = [idOf(1, 1), idOf(1, 2)];
const [ANNA, BEN, CARL] = [idOf(2, 1), idOf(2, 2), idOf(2, 3)];
const KIB = 1_024;

let world: World;
let lateMs: number;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  lateMs = 0;
  lines = [];
  const logger: Logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const loop = { start() {}, lateMs: () => lateMs, stop() {} };
  // Age alone makes nobody fall behind here.
  world = await createWorld({ queue: { ageMs: 600_000 } }, { loop, logger });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.slow(false);
  const stopped = world.core.stop();
  await world.clock.advance(20_000);
  await stopped;
});

const clients: Client[] = [];
const sit = async (user: string, ...rooms: string[]): Promise<Client> => {
  for (const room of rooms) if (!world.messages.isMember(room, user)) await world.messages.join(room, user);
  const client = world.connect(user);
  clients.push(client);
  void client.resume();
  await world.clock.advance(300);
  return client;
};
const step = (): number => world.core.ladder.view().step;
/** Late until the ladder stands there, and so that it stays. */
async function climbTo(name: (typeof STEPS)[number]): Promise<void> {
  const to = STEPS.indexOf(name);
  lateMs = ([0, 120, 160, 250, 400, 900] as const)[to] ?? 0;
  for (let i = 0; i < 10 && step() !== to; i++) await world.clock.advance(1_000);
  expect(step()).toBe(to);
}
async function calmDown(): Promise<void> {
  lateMs = 0;
  for (let i = 0; i < 200 && step() > 0; i++) await world.clock.advance(1_000);
  expect(step()).toBe(0);
}
const posts = async (room: string, count: number, bytes = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await world.messages.post(room, CARL, 'x'.repeat(bytes));
  await world.clock.advance(100);
};
const typingSeen = (client: Client): unknown[] => client.frames('typing').map(({ on }) => on);

test('typing is the first to go: nobody is seen to begin, who was seen typing is seen to end, and it comes back', async () => {
  const [anna, ben] = [await sit(ANNA, QUIET), await sit(BEN, QUIET)];
  await ben.request('typing', { room: QUIET, on: true });
  await world.clock.advance(100);
  expect(typingSeen(anna)).toEqual([true]);
  await climbTo('typing');
  await ben.request('typing', { room: QUIET, on: false });
  await world.clock.advance(100);
  expect(typingSeen(anna)).toEqual([true, false]);
  await ben.request('typing', { room: QUIET, on: true });
  // Said at another worker, which is not so loaded.
  await world.feed.publish([{ channel: `now:${QUIET}`, payload: { room: QUIET, typing: CARL, on: true } }]);
  await world.clock.advance(100);
  expect(typingSeen(anna)).toEqual([true, false]);
  await calmDown();
  await ben.request('typing', { room: QUIET, on: true });
  await world.clock.advance(100);
  expect(typingSeen(anna)).toEqual([true, false, true]);
});

test('presence is collected for seconds, then told as it is by then', async () => {
  const anna = await sit(ANNA, QUIET);
  void anna.request('watch', { people: [BEN, CARL] });
  await climbTo('presence');
  const before = anna.frames('presence').length;
  await sit(BEN, QUIET);
  await world.clock.advance(1_000);
  await sit(CARL, QUIET);
  expect(anna.frames('presence').length).toBe(before);
  await world.clock.advance(2_000);
  expect(anna.frames('presence').slice(before)).toEqual([
    [
      { user: BEN, state: 'online' },
      { user: CARL, state: 'online' },
    ],
  ]);
});

test('events wait longer for company, and are all there', async () => {
  const anna = await sit(ANNA, QUIET);
  await sit(CARL, QUIET);
  await climbTo('window');
  expect(world.core.stats().windowMs).toBe(25);
  expect(world.core.problems().join()).toContain('step 3 of 5, window');
  const { flushes } = world.core.stats();
  for (let i = 0; i < 10; i++) {
    await world.messages.post(QUIET, CARL, 'one');
    await world.clock.advance(5);
  }
  await world.clock.advance(100);
  expect(world.core.stats().flushes - flushes).toBeLessThanOrEqual(4);
  expect(anna.places.get(QUIET)).toBe(world.messages.events(QUIET).length);
  await calmDown();
  expect(world.core.stats().windowMs).toBe(0);
  expect(world.core.problems()).toEqual([]);
});

test('only members of dear rooms with long queues are told behind; they catch up, and nothing is lost, doubled or reordered', async () => {
  const [fast, slow, elsewhere] = [await sit(ANNA, LOUD), await sit(BEN, LOUD, QUIET), await sit(CARL, LOUD, QUIET)];
  slow.socket.slow(true);
  // Long, but under what makes a socket fall behind when there is time.
  await posts(LOUD, 100, 2 * KIB);
  await world.clock.advance(6_000);
  expect(world.core.stats().stalled).toBe(0);
  await climbTo('behind');
  expect(world.core.stats().stalled).toBe(1);
  await posts(LOUD, 50, 2 * KIB);
  expect([fast, slow, elsewhere].map((client) => client.frames('behind').length)).toEqual([0, 1, 0]);
  const had = slow.seen.length;
  await posts(LOUD, 50, 2 * KIB);
  expect(slow.seen.length).toBe(had);
  slow.socket.slow(false);
  await calmDown();
  await posts(QUIET, 3);
  for (const client of [fast, slow, elsewhere]) {
    expect(client.wrong).toEqual([]);
    for (const [room, seq] of client.places) expect(seq, room).toBe(world.messages.events(room).length);
  }
  expect(slow.frames('live').some(({ room }) => room === LOUD)).toBe(true);
});

test('at the top new sockets are sent away with a time to come back; those who are in stay and are served', async () => {
  const anna = await sit(ANNA, QUIET);
  await sit(CARL, QUIET);
  await climbTo('full');
  expect(() => world.core.admit()).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterMs: expect.any(Number) as number }));
  await posts(QUIET, 5);
  expect(anna.places.get(QUIET)).toBe(world.messages.events(QUIET).length);
  expect(anna.socket.isClosed).toBe(false);
  await calmDown();
  expect(() => world.core.admit()).not.toThrow();
  expect(() => world.core.accept(createFakeSocket('late'), claimsOf(BEN))).not.toThrow();
});

test('bytes that wait lead there too, and each step is one line with its reason and figures, and no word of anybody', async () => {
  await world.core.stop(0);
  await world.clock.advance(20_000);
  const logger: Logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  world = await createWorld({ shedding: { queueBytes: [100 * KIB, 200 * KIB, 1e9, 1e9, 1e9] } }, { logger });
  const anna = await sit(ANNA, LOUD);
  await sit(CARL, LOUD);
  anna.socket.slow(true);
  await posts(LOUD, 70, 2 * KIB);
  await world.clock.advance(3_000);
  expect(step()).toBe(1);
  await posts(LOUD, 50, 2 * KIB);
  await world.clock.advance(3_000);
  expect(step()).toBe(2);
  expect(world.core.ladder.view().queueBytes).toBeGreaterThan(200 * KIB);
  anna.socket.slow(false);
  await calmDown();
  const told = lines.filter(({ name }) => STEPS.includes(name as never)).map(({ level, step, name, reason }) => ({ level, step, name, reason }));
  expect(told).toEqual([
    { level: 40, step: 1, name: 'typing', reason: 'queues' },
    { level: 40, step: 2, name: 'presence', reason: 'queues' },
    { level: 30, step: 1, name: 'typing', reason: undefined },
    { level: 30, step: 0, name: 'calm', reason: undefined },
  ]);
  expect(world.core.ladder.view().changes).toBe(4);
  expect(JSON.stringify(lines)).not.toContain('xxx');
  expect(anna.places.get(LOUD)).toBe(world.messages.events(LOUD).length);
});

test('what rooms cost is told by room, the dearest first', async () => {
  await sit(ANNA, LOUD);
  await sit(CARL, LOUD, QUIET);
  await posts(LOUD, 50);
  await posts(QUIET, 2);
  await world.clock.advance(6_000);
  const [first, second] = world.core.ladder.dearest(10);
  expect([first?.room, second?.room]).toEqual([LOUD, QUIET]);
  expect(first?.bytesPerSecond).toBeGreaterThan((second?.bytesPerSecond ?? 0) * 10);
  expect(world.core.ladder.dearest(1).length).toBe(1);
});
