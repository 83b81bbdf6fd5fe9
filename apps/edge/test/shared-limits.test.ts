// Two instances of the edge count together on a real Redis; without Redis each counts for itself, and no call fails or waits for it.
import { randomUUID } from 'node:crypto';
import { missing } from '@parley/engines';
import { ownRedis } from '@parley/engines/testing';
import { systemClock, systemRng } from '@parley/ports';
import { createRedisLimiterStore, type RedisLimiterStore } from '@parley/redis';
import { authenticate, createHttpApp, createLimits, createLogger } from '@parley/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { registerCallLimits } from '../src/call-limits.ts';

const reason = missing('redis');
const logger = createLogger({ level: 'silent' });
const WRITES = 6;

describe.skipIf(reason !== null)(`limits of several instances${reason === null ? '' : ` (${reason})`}`, () => {
  let redis: Awaited<ReturnType<typeof ownRedis>>;
  let apps: ReturnType<typeof createHttpApp>[];
  let stores: RedisLimiterStore[];
  beforeAll(async () => {
    redis = await ownRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    const keyPrefix = `${randomUUID()}:`;
    stores = [0, 1].map(() => createRedisLimiterStore({ url: redis.url, keyPrefix, clock: systemClock, logger }));
    apps = stores.map((store) => {
      const app = createHttpApp({ logger, rng: systemRng });
      registerCallLimits(app, { readsPerMinute: 50, writesPerMinute: WRITES }, createLimits(store));
      const onRequest = authenticate({ verify: async (sub) => ({ sub, sid: 's', exp: 0, iat: 0, role: 'member', cls: 'person' }) });
      app.post('/api/thing', { onRequest }, async () => ({}));
      return app;
    });
    // Until both count in Redis.
    await vi.waitFor(() => expect(stores.map(({ client }) => (client as { status: string }).status)).toEqual(['ready', 'ready']));
  });
  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await Promise.all(stores.map((store) => store.close()));
  });

  const post = async (instance: number, token: string) => {
    const answer = await apps[instance]!.inject({ method: 'POST', url: '/api/thing', headers: { authorization: `Bearer ${token}` } });
    return { status: answer.statusCode, error: answer.statusCode === 200 ? null : answer.json().error };
  };
  const statuses = async (instance: number, token: string, times: number): Promise<number[]> => {
    const list: number[] = [];
    for (let n = 0; n < times; n++) list.push((await post(instance, token)).status);
    return list;
  };
  const allowed = Array.from({ length: WRITES }, () => 200);

  test('what one instance counted holds at the other, by name and with the time to wait', async () => {
    expect(await statuses(0, 'eve', 4)).toEqual([200, 200, 200, 200]);
    expect(await statuses(1, 'eve', 2)).toEqual([200, 200]);
    const refused = await post(1, 'eve');
    expect(refused).toMatchObject({ status: 429, error: { code: 'slow_down', retryAfterMs: expect.any(Number) } });
    expect(refused.error.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect((await post(0, 'eve')).status).toBe(429);
    expect((await post(0, 'ann')).status).toBe(200);
  });

  test('with Redis killed each instance counts for itself: limits hold, nothing fails; with it again they count together', async () => {
    expect(await statuses(0, 'ann', 2)).toEqual([200, 200]);
    await redis.kill();
    try {
      for (const instance of [0, 1]) expect(await statuses(instance, 'eve', WRITES + 2)).toEqual([...allowed, 429, 429]);
    } finally {
      await redis.start();
    }
    await vi.waitFor(() => expect(stores.flatMap((store) => store.problems())).toEqual([]), { timeout: 5_000 });
    await vi.waitFor(() => expect(stores.map(({ client }) => (client as { status: string }).status)).toEqual(['ready', 'ready']), { timeout: 5_000 });
    expect(await statuses(0, 'bob', 3)).toEqual([200, 200, 200]);
    expect(await statuses(1, 'bob', 4)).toEqual([200, 200, 200, 429]);
  });

  test('with Redis stopped no call waits long for being counted', async () => {
    expect((await post(0, 'ann')).status).toBe(200);
    redis.pause();
    try {
      const began = performance.now();
      expect(await statuses(0, 'eve', 4)).toEqual([200, 200, 200, 200]);
      expect(performance.now() - began).toBeLessThan(2_000);
    } finally {
      redis.resume();
    }
  });
});
