// Presence when Redis or a worker dies: nobody stays online for ever, nobody alive is told offline, and nothing stays in Redis.
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import type { PresenceChange } from '@parley/ports';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RedisPresence } from '../src/index.ts';
import { type RedisWorld, redisWorld } from './redis-world.ts';

const reason = missing('redis');
const TTL_MS = 2_000;

describe.skipIf(reason !== null)(`presence in bad days${reason === null ? '' : ` (${reason})`}`, () => {
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

  const told = async (presence: RedisPresence, users: readonly string[]): Promise<PresenceChange[]> => {
    const changes: PresenceChange[] = [];
    await presence.watch(users, (some) => changes.push(...some));
    return changes;
  };
  /** As a gateway does: touches, and announces everybody again when its lease was gone. */
  const keepAlive = (presence: RedisPresence, worker: string, users: readonly string[], ttlMs = TTL_MS): (() => Promise<void>) => {
    let alive = true;
    const touch = async (): Promise<void> => {
      try {
        if ((await presence.touch(worker, ttlMs, [])) === 'missing') await presence.touch(worker, ttlMs, users);
      } catch {
        // Redis is away; the next touch tries again.
      }
    };
    const running = (async () => {
      while (alive) {
        await touch();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    })();
    return () => {
      alive = false;
      return running;
    };
  };
  const keys = async (): Promise<readonly string[]> => (await world.admin.keys(`${world.keyPrefix}presence:*`)).filter((key) => !key.endsWith(':sweeper'));

  test('all leases ended: 10 s later nobody is online, everybody was told so, and nothing is left in Redis', async () => {
    const [alive, dead] = [world.presence(), world.presence()];
    const users = Array.from({ length: 3_000 }, (_, n) => `user-${n}`);
    await dead.touch('w1', TTL_MS, users);
    await dead.touch('w2', TTL_MS, users.slice(0, 500));
    expect((await alive.read(users)).size).toBe(3_000);
    const changes = await told(alive, users);
    await dead.close();
    await vi.waitFor(async () => expect((await alive.read(users)).size).toBe(0), { timeout: 10_000, interval: 50 });
    await vi.waitFor(() => expect(new Set(changes.filter(({ online }) => !online).map(({ user }) => user)).size).toBe(3_000), { timeout: 3_000 });
    expect(changes.filter(({ online }) => online)).toEqual([]);
    await vi.waitFor(async () => expect(await keys()).toEqual([]), { timeout: 3_000 });
  });

  test('every key has a life of its own, should all sweepers die with the workers', async () => {
    const presence = world.presence();
    await presence.touch('w1', TTL_MS, ['ada', 'bob']);
    await presence.touch('w1', TTL_MS, []);
    const lives = await Promise.all((await keys()).map((key) => world.admin.pttl(key)));
    expect(lives.length).toBe(5);
    for (const life of lives) expect(life).toBeGreaterThan(TTL_MS);
  });

  test('emptied while connected: who is alive is back at once, and nobody alive is told offline', async () => {
    const [worker, watcher] = [world.presence(), world.presence()];
    const stop = keepAlive(worker, 'w1', ['ada', 'bob']);
    await vi.waitFor(async () => expect((await watcher.read(['ada', 'bob'])).size).toBe(2));
    const changes = await told(watcher, ['ada', 'bob']);
    await world.admin.flushall();
    await vi.waitFor(async () => expect((await watcher.read(['ada', 'bob'])).size).toBe(2), { timeout: 5_000 });
    await stop();
    expect(changes.filter(({ online }) => !online)).toEqual([]);
  });

  test('emptied and cut off: once it is steady the watchers are told of everybody, since who asked in between holds what was never so', async () => {
    const [worker, watcher] = [world.presence(), world.presence()];
    await worker.touch('w1', 60_000, ['ada']);
    const changes = await told(watcher, ['ada']);
    await world.admin.flushall();
    // A socket that comes now and asks is told so; the watch itself held the right thing all the time.
    expect((await watcher.read(['ada'])).size).toBe(0);
    // That ada is there again is told while nobody can hear it.
    await world.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await worker.touch('w1', 60_000, ['ada']);
    await vi.waitFor(() => expect(changes.at(-1)).toEqual({ user: 'ada', online: true }), { timeout: 15_000 });
  });

  test('emptied when somebody was online whose worker died: the watchers are told', async () => {
    const [worker, watcher] = [world.presence(), world.presence()];
    await worker.touch('w1', TTL_MS, ['ada']);
    const changes = await told(watcher, ['ada']);
    await world.admin.flushall();
    await vi.waitFor(() => expect(changes).toEqual([{ user: 'ada', online: false }]), { timeout: 10_000, interval: 50 });
  });

  test('killed, or stopped for longer than a lease, and back: nobody alive is told offline, whoever went meanwhile is', async () => {
    const [worker, gone, watcher] = [world.presence(), world.presence(), world.presence()];
    // Longer than Redis may forget (1 s) and be away (2.5 s) without its being noticed, as a gateway's is.
    const ttlMs = 5_000;
    const stop = keepAlive(worker, 'w1', ['ada'], ttlMs);
    await gone.touch('w2', ttlMs, ['bob']);
    await vi.waitFor(async () => expect((await watcher.read(['ada', 'bob'])).size).toBe(2));
    const changes = await told(watcher, ['ada', 'bob']);
    redis.pause();
    await new Promise((resolve) => setTimeout(resolve, ttlMs + 500));
    redis.resume();
    await vi.waitFor(() => expect(changes).toContainEqual({ user: 'bob', online: false }), { timeout: 20_000, interval: 50 });
    await redis.kill();
    await redis.start();
    await vi.waitFor(async () => expect([...(await watcher.read(['ada', 'bob']))]).toEqual(['ada']), { timeout: 20_000, interval: 50 });
    await stop();
    expect(changes.filter(({ user, online }) => user === 'ada' && !online)).toEqual([]);
  });

  test('a worker that slept past its lease is missing, and takes nothing from those who came after it', async () => {
    const presence = world.presence();
    await presence.touch('w1', 100, ['ada', 'bob']);
    await vi.waitFor(async () => expect((await presence.read(['ada'])).size).toBe(0));
    await presence.touch('w2', TTL_MS, ['ada']);
    expect(await presence.touch('w1', TTL_MS, [])).toBe('missing');
    await presence.drop('w1', ['ada']);
    expect([...(await presence.read(['ada', 'bob']))]).toEqual(['ada']);
  });

  test('a drop that Redis did not answer is made good: the worker is told to announce itself anew, and only who is there stays', async () => {
    const presence = world.presence();
    await presence.touch('w1', 10_000, ['ada', 'bob']);
    const changes = await told(presence, ['ada', 'bob']);
    await redis.kill();
    await expect(presence.drop('w1', ['bob'])).rejects.toThrow('away');
    await redis.start();
    await vi.waitFor(async () => expect(await presence.touch('w1', 10_000, ['ada'])).toBe('missing'), { timeout: 5_000 });
    expect([...(await presence.read(['ada', 'bob']))]).toEqual(['ada']);
    expect(await presence.touch('w1', 10_000, [])).toBe('kept');
    await vi.waitFor(() => expect(changes).toContainEqual({ user: 'bob', online: false }), { timeout: 10_000, interval: 50 });
    expect(changes.filter(({ user, online }) => user === 'ada' && !online)).toEqual([]);
  });

  test('20,000 users are announced and read in a moment', async () => {
    const presence = world.presence();
    const users = Array.from({ length: 20_000 }, (_, n) => `user-${n}`);
    const began = performance.now();
    for (let i = 0; i < users.length; i += 5_000) await presence.touch('w1', 30_000, users.slice(i, i + 5_000));
    expect((await presence.read(users)).size).toBe(20_000);
    expect(performance.now() - began).toBeLessThan(5_000);
    await presence.drop('w1', null);
    expect((await presence.read(users)).size).toBe(0);
  });
});
