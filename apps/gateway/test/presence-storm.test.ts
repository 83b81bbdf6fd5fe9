// Five thousand people whose sockets are cut at once and come back: what presence then costs. Rooms of many, everybody shows everybody of their room.
import { createManualClock, createSeededRng, type ManualClock, type Presence } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { expect, test } from 'vitest';
import type { ClientSocket, Codec } from '../src/client-socket.ts';
import { createGatewayCore, type GatewayCore } from '../src/core.ts';
import { createFakeMessages } from './fake-messages.ts';
import { lineCodec } from './fake-socket.ts';
import { claimsOf, createFakeRevocations, idOf, plainVerifier, silent, topics } from './world.ts';

const PEOPLE = 5_000;
const ROOM = 250;

interface Counted {
  frames: number;
  encodings: number;
  calls: { read: number; touch: number; drop: number };
}

/** A socket that knows only who it was told is online. */
class Watcher {
  readonly online = new Map<string, string>();
  private readonly accepted: ReturnType<GatewayCore['accept']>;

  constructor(core: GatewayCore, n: number, counted: Counted, lists: WeakMap<Uint8Array, { user: string; state: string }[]>) {
    const take = (list: readonly { user: string; state: string }[]): void => {
      counted.frames += 1;
      for (const { user, state } of list) this.online.set(user, state);
    };
    const socket: ClientSocket = {
      id: `s${n}`,
      emit: (name, payload) => name === 'presence' && take(payload as { user: string; state: string }[]),
      write: (bytes) => {
        const list = lists.get(bytes);
        if (list !== undefined) take(list);
      },
      bufferedBytes: () => 0,
      close: () => this.accepted.closed(),
    };
    this.accepted = core.accept(socket, claimsOf(idOf(2, n)));
    const first = n - (n % ROOM);
    this.accepted.frame('watch', { people: Array.from({ length: ROOM }, (_, i) => idOf(2, first + i)) }, (answer) => {
      if (answer.ok) for (const { user, state } of answer.presence as { user: string; state: string }[]) this.online.set(user, state);
    });
  }

  cut(): void {
    this.accepted.closed();
  }
}

async function setup() {
  const clock = createManualClock();
  const feed = createMemoryFeed({ clock });
  const counted: Counted = { frames: 0, encodings: 0, calls: { read: 0, touch: 0, drop: 0 } };
  const memory = createMemoryPresence({ clock });
  const presence: Presence = {
    read: (users) => count('read', () => memory.read(users)),
    touch: (worker, ttlMs, users) => count('touch', () => memory.touch(worker, ttlMs, users)),
    drop: (worker, users) => count('drop', () => memory.drop(worker, users)),
    watch: memory.watch,
  };
  const count = <T>(what: keyof Counted['calls'], call: () => Promise<T>): Promise<T> => {
    counted.calls[what] += 1;
    return call();
  };
  const lists = new WeakMap<Uint8Array, { user: string; state: string }[]>();
  const codec: Codec = {
    encode: (name, payload) => {
      if (name !== 'presence') return lineCodec.encode(name, payload);
      const bytes = new Uint8Array(1);
      counted.encodings += 1;
      lists.set(bytes, payload as { user: string; state: string }[]);
      return bytes;
    },
  };
  const core = createGatewayCore({
    log: createMemoryEventLog({ topics, clock }),
    feed,
    presence,
    internal: createFakeMessages(feed, idOf(5, 1)).internal,
    verifier: plainVerifier,
    revocations: createFakeRevocations(),
    clock,
    rng: createSeededRng(3),
    logger: silent,
    codec,
    config: { origins: [] },
  });
  const started = core.start();
  await clock.advance(10);
  await started;
  const come = (from: number, to: number): Watcher[] => Array.from({ length: to - from }, (_, i) => new Watcher(core, from + i, counted, lists));
  const reset = (): void => void Object.assign(counted, { frames: 0, encodings: 0, calls: { read: 0, touch: 0, drop: 0 } });
  return { clock, core, counted, come, reset };
}

/** As a storm is admitted: a thousand a second, in batches. */
async function comeBack(clock: ManualClock, come: (from: number, to: number) => Watcher[]): Promise<Watcher[]> {
  const all: Watcher[] = [];
  for (let n = 0; n < PEOPLE; n += 50) {
    all.push(...come(n, n + 50));
    await clock.advance(50);
  }
  return all;
}

const wrongOf = (watchers: readonly Watcher[]): number =>
  watchers.filter((one) => one.online.size !== ROOM || [...one.online.values()].includes('offline')).length;

test('a storm costs a few frames for each socket, never one for each pair, and nothing for who comes back within their grace', async () => {
  const { clock, core, counted, come, reset } = await setup();
  let all = await comeBack(clock, come);
  await clock.advance(10_000);
  expect(wrongOf(all)).toBe(0);
  // A pair each would be PEOPLE * ROOM = 1,250,000. Each room comes within 250 ms here, and its changes are told a tick or two later.
  expect(counted.frames).toBeLessThanOrEqual(PEOPLE * 4);
  // What is the same for a room's members is encoded once: some lists for each room.
  expect(counted.encodings).toBeLessThanOrEqual((PEOPLE / ROOM) * 8);
  expect(counted.calls.read).toBeLessThanOrEqual(60);

  // Cut, and back within the grace of ten seconds: nobody was ever offline.
  reset();
  for (const one of all) one.cut();
  await clock.advance(2_000);
  all = await comeBack(clock, come);
  await clock.advance(20_000);
  expect(wrongOf(all)).toBe(0);
  expect([counted.frames, counted.encodings, counted.calls.drop]).toEqual([0, 0, 0]);

  // Away for longer: told offline together, not one by one.
  reset();
  for (const one of all.splice(0, PEOPLE / 2)) one.cut();
  await clock.advance(12_000);
  expect(counted.calls.drop).toBe(1);
  expect(counted.frames).toBe(0);

  const stopped = core.stop();
  await clock.advance(30_000);
  await stopped;
});

test('when somebody comes or goes in every room all the time, sockets are told less often, and all of it', async () => {
  const { clock, core, counted, come, reset } = await setup();
  // Half of each room stays and shows the others, who go and come.
  const stay: Watcher[] = [];
  for (let n = 0; n < PEOPLE; n += ROOM) stay.push(...come(n, n + ROOM / 2));
  await clock.advance(5_000);
  reset();
  const TICKS = 100;
  for (let i = 0; i < TICKS; i++) {
    for (let n = ROOM / 2; n < PEOPLE; n += ROOM) for (const one of come(n + i, n + i + 1)) one.cut();
    await clock.advance(100);
  }
  const frames = counted.frames;
  // In every tick to every socket it would be half a million; 5,000 a second it is at most, and what was begun.
  expect(frames).toBeLessThanOrEqual((TICKS / 10 + 1) * 5_000);
  expect(frames).toBeGreaterThan((TICKS / 10 - 2) * 5_000);
  await clock.advance(1_000);
  const shown = stay.map((one) => [...one.online.values()].filter((state) => state === 'online').length);
  // Those who came in the last ten seconds are still in their grace.
  expect(Math.min(...shown)).toBeGreaterThanOrEqual(ROOM / 2 + TICKS - 15);
  await clock.advance(30_000);
  expect(new Set(stay.map((one) => [...one.online.values()].filter((state) => state === 'online').length))).toEqual(new Set([ROOM / 2]));
  const stopped = core.stop();
  await clock.advance(30_000);
  await stopped;
});
