// The gateway on a real Redis that dies and forgets: nothing is missed for good, who comes meanwhile goes on with the truth, and live
// delivery and presence come back by themselves.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { systemClock, systemRng } from '@parley/ports';
import { createRedisFeed, createRedisPresence } from '@parley/redis';
import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { authOf, collect, type Gate, next, openGate } from './gate.ts';
import { idOf, silent } from './world.ts';

const reason = missing('redis');
const ROOM = idOf(1, 1);
const [ANNA, BEN] = [idOf(2, 1), idOf(2, 2)];
const HEADS_MS = 1_000;

interface Member {
  readonly socket: Socket;
  readonly seqs: () => number[];
}

describe.skipIf(reason !== null)(`the gateway when Redis is away${reason === null ? '' : ` (${reason})`}`, () => {
  let redis: Awaited<ReturnType<typeof ownRedis>>;
  let gate: Gate;
  let ends: (() => Promise<void>)[];
  beforeAll(async () => {
    redis = await ownRedis();
  });
  afterAll(() => redis.stop());
  const open = async (headsMs: number): Promise<void> => {
    const options = { url: redis.url, keyPrefix: `${systemRng.id()}:`, clock: systemClock, rng: systemRng, logger: silent };
    const feed = createRedisFeed(options);
    const presence = createRedisPresence(options);
    ends = [() => feed.close(), () => presence.close()];
    gate = await openGate({ limits: { headsMs } }, 0, { feed, presence });
    for (const user of [ANNA, BEN]) await gate.messages.join(ROOM, user);
  };
  afterEach(async () => {
    await gate.stop();
    for (const end of ends) await end();
  });

  const member = async (user: string): Promise<Member> => {
    const socket = gate.connect(authOf(user));
    const events = collect<{ seq: number }>(socket, 'event');
    await next(socket, 'hello');
    const live = next(socket, 'live');
    expect(await socket.emitWithAck('resume', { me: null, rooms: {} })).toMatchObject({ ok: true });
    await live;
    return { socket, seqs: () => events.map(({ seq }) => seq) };
  };
  const has = (who: Member, seq: number, timeout: number): Promise<void> => vi.waitFor(() => expect(who.seqs()).toContain(seq), { timeout, interval: 10 });
  const expectDense = (who: Member, to: number): void => {
    const [first = 0] = who.seqs();
    expect(who.seqs()).toEqual(Array.from({ length: to - first + 1 }, (_, n) => first + n));
  };

  test('killed: events arrive by the truth, who connects resumes, and with Redis again the feed carries within 5 s', async () => {
    await open(HEADS_MS);
    const anna = await member(ANNA);
    await has(anna, await gate.messages.post(ROOM, BEN, 'live'), 2_000);
    await redis.kill();
    await has(anna, gate.messages.postUnheard(ROOM, BEN, 'not told'), 3 * HEADS_MS);
    const ben = await member(BEN);
    await has(ben, gate.messages.postUnheard(ROOM, ANNA, 'not told either'), 3 * HEADS_MS);
    await redis.start();
    const back = performance.now();
    let seq = 0;
    await vi.waitFor(
      async () => {
        seq = await gate.messages.post(ROOM, BEN, 'told');
        // Sooner than any comparison: the feed brought it.
        await Promise.all([has(anna, seq, HEADS_MS / 10), has(ben, seq, HEADS_MS / 10)]);
      },
      { timeout: 5_000, interval: 50 },
    );
    expect(performance.now() - back).toBeLessThan(5_000);
    for (const who of [anna, ben]) expectDense(who, seq);
    await vi.waitFor(() => expect(gate.gateway.problems()).toEqual([]), { timeout: 10_000 });
  });

  test('emptied: what was committed unheard arrives long before the next comparison is due, and presence stays right', async () => {
    await open(60_000);
    const anna = await member(ANNA);
    const ben = await member(BEN);
    const told = collect<{ user: string; state: string }[]>(anna.socket, 'presence');
    await vi.waitFor(async () =>
      expect(await anna.socket.emitWithAck('watch', { people: [ANNA, BEN] })).toMatchObject({ presence: [{ state: 'online' }, { state: 'online' }] }),
    );
    // The boot key is seen before it is gone.
    await has(anna, await gate.messages.post(ROOM, BEN, 'told'), 2_000);
    const seq = gate.messages.postUnheard(ROOM, BEN, 'nobody was told');
    await empty(redis.url);
    await Promise.all([has(anna, seq, 5_000), has(ben, seq, 5_000)]);
    ben.socket.disconnect();
    await vi.waitFor(() => expect(told.flat()).toContainEqual({ user: BEN, state: 'offline' }), { timeout: 20_000, interval: 50 });
    expect(told.flat().filter(({ state }) => state === 'offline')).toEqual([{ user: BEN, state: 'offline' }]);
  });
});

/** FLUSHALL, by hand: services know no client of Redis. */
async function empty(url: string): Promise<void> {
  const { hostname, port, password } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  const answered = once(socket, 'close');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.write(`${password === '' ? '' : `AUTH ${decodeURIComponent(password)}\r\n`}FLUSHALL\r\nQUIT\r\n`);
  await answered;
  expect(text).not.toContain('-');
}
