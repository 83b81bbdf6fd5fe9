// What the feed does when Redis dies, forgets, stops or cuts: it may lose, but says so, and live delivery comes back by itself.
import { fork } from 'node:child_process';
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisAway } from '../src/index.ts';
import { type RedisWorld, redisWorld } from './redis-world.ts';

const reason = missing('redis');

interface Heard {
  readonly payloads: unknown[];
  lost: number;
}

describe.skipIf(reason !== null)(`the feed in bad days${reason === null ? '' : ` (${reason})`}`, () => {
  let redis: Awaited<ReturnType<typeof ownRedis>>;
  let world: RedisWorld;
  beforeAll(async () => {
    redis = await ownRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => {
    world = redisWorld(redis.url);
  });
  afterEach(() => world.close());

  const listen = async (feed: ReturnType<RedisWorld['feed']>, channel: string): Promise<Heard> => {
    const heard: Heard = { payloads: [], lost: 0 };
    await feed.subscribe(
      channel,
      ({ payload }) => heard.payloads.push(payload),
      () => {
        heard.lost += 1;
      },
    );
    return heard;
  };
  /** Publishes until somebody hears it: how long live delivery needs to come back. */
  const untilLive = async (feed: ReturnType<RedisWorld['feed']>, heard: Heard, channel: string, timeout: number): Promise<void> => {
    const marker = `live again ${Math.random()}`;
    await vi.waitFor(
      async () => {
        await feed.publish([{ channel, payload: marker }]);
        expect(heard.payloads).toContain(marker);
      },
      { timeout, interval: 50 },
    );
  };

  test('killed and started again: all subscribers are told of the loss, and live delivery is back within 5 s', async () => {
    const [publisher, worker] = [world.feed(), world.feed()];
    const [one, other] = [await listen(worker, 'room:1'), await listen(worker, 'room:2')];
    await redis.kill();
    const refused = performance.now();
    await expect(publisher.publish([{ channel: 'room:1', payload: 1 }])).rejects.toThrow(RedisAway);
    expect(performance.now() - refused).toBeLessThan(2_500);
    await redis.start();
    await untilLive(publisher, one, 'room:1', 5_000);
    expect([one.lost, other.lost]).toEqual([1, 1]);
    expect([publisher.problems(), worker.problems()]).toEqual([[], []]);
  });

  test('emptied while connected: everybody is told within 2 s although no connection broke, and tails are misses, not lies', async () => {
    const feed = world.feed();
    const heard = await listen(feed, 'room:1');
    await feed.publish([{ channel: 'room:1', payload: 1, tail: { from: 1, to: 1 } }]);
    const clients = await world.admin.client('LIST', 'TYPE', 'PUBSUB');
    await world.admin.flushall();
    await vi.waitFor(() => expect(heard.lost).toBe(1), { timeout: 2_500, interval: 20 });
    expect(await world.admin.client('LIST', 'TYPE', 'PUBSUB')).toContain(/addr=\S+/.exec(String(clients))?.[0]);
    expect(await feed.since('room:1', 0)).toBeNull();
    await feed.publish([{ channel: 'room:1', payload: 2, tail: { from: 2, to: 2 } }]);
    expect(await feed.since('room:1', 1)).toEqual([2]);
    expect(await feed.since('room:1', 0)).toBeNull();
    await vi.waitFor(() => expect(heard.payloads).toEqual([1, 2]));
    expect(heard.lost).toBe(1);
  });

  test('a subscriber connection that is cut counts as a loss, once', async () => {
    const feed = world.feed();
    const heard = await listen(feed, 'room:1');
    await world.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await vi.waitFor(() => expect(heard.lost).toBe(1), { timeout: 5_000, interval: 10 });
    await untilLive(feed, heard, 'room:1', 2_000);
    expect(heard.lost).toBe(1);
  });

  test('a subscriber that Redis drops for its full output buffer is told', async () => {
    const feed = world.feed();
    const heard = await listen(feed, 'room:1');
    await world.admin.config('SET', 'client-output-buffer-limit', 'pubsub 200000 200000 1');
    try {
      await feed.publish([{ channel: 'room:1', payload: 'x'.repeat(1_000_000) }]);
      await vi.waitFor(() => expect(heard.lost).toBe(1), { timeout: 5_000, interval: 10 });
    } finally {
      await world.admin.config('SET', 'client-output-buffer-limit', 'pubsub 33554432 8388608 60');
    }
    await untilLive(feed, heard, 'room:1', 2_000);
  });

  test('stopped for 5 s: publishing fails within its deadline, and all comes back without a restart', async () => {
    const [publisher, worker] = [world.feed(), world.feed()];
    const heard = await listen(worker, 'room:1');
    await untilLive(publisher, heard, 'room:1', 2_000);
    redis.pause();
    const stopped = performance.now();
    try {
      for (let n = 0; performance.now() - stopped < 5_000; n++) {
        const began = performance.now();
        await expect(publisher.publish([{ channel: 'room:1', payload: n }])).rejects.toThrow(RedisAway);
        expect(performance.now() - began).toBeLessThan(2_500);
      }
      expect(publisher.problems().length).toBe(1);
    } finally {
      redis.resume();
    }
    await untilLive(publisher, heard, 'room:1', 5_000);
    expect(heard.lost).toBeGreaterThanOrEqual(1);
  });

  test('who subscribes while Redis is away does not wait for it, and is told of the loss once the channel is heard', async () => {
    await redis.kill();
    const feed = world.feed();
    const began = performance.now();
    const heard = await listen(feed, 'room:1');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(heard.lost).toBe(0);
    await redis.start();
    await vi.waitFor(() => expect(heard.lost).toBe(1), { timeout: 5_000, interval: 10 });
    await untilLive(feed, heard, 'room:1', 2_000);
  });

  test('a batch of 100 events over 200 channels is one command', async () => {
    const feed = world.feed();
    const heard = await listen(feed, 'room:199');
    await untilLive(feed, heard, 'room:199', 2_000);
    const before = await commandsOf(world);
    await feed.publish(Array.from({ length: 200 }, (_, n) => ({ channel: `room:${n}`, payload: { n }, tail: { from: 1, to: 1 } })));
    await vi.waitFor(() => expect(heard.payloads).toContainEqual({ n: 199 }));
    expect((await commandsOf(world)) - before).toBe(1);
  });

  test('two other processes hear what is published here, each in order', async () => {
    const feed = world.feed();
    const children = [0, 1].map(() => fork(new URL('./feed-listener.ts', import.meta.url), [world.url, world.keyPrefix, 'room:1']));
    const heard: unknown[][] = [[], []];
    try {
      await Promise.all(
        children.map(
          (child, i) => new Promise<void>((resolve) => child.on('message', (message) => (message === 'ready' ? resolve() : void heard[i]!.push(message)))),
        ),
      );
      for (let n = 0; n < 200; n++) void feed.publish([{ channel: 'room:1', payload: n }]);
      const all = Array.from({ length: 200 }, (_, n) => n);
      await vi.waitFor(() => expect(heard).toEqual([all, all]), { timeout: 5_000 });
    } finally {
      await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve) && child.kill())));
    }
  });
});

/** Scripts that clients asked for. */
async function commandsOf(world: RedisWorld): Promise<number> {
  const stats = await world.admin.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
