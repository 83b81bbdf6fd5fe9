// The Redis adapters keep the ports' promises.
import { setTimeout as sleep } from 'node:timers/promises';
import { missing } from '@parley/engines';
import { testRedis } from '@parley/engines/testing';
import { CONFORMANCE_TAIL, cacheConformance, feedConformance, presenceConformance, type World } from '@parley/ports/conformance';
import { describe } from 'vitest';
import { createRedisCache, createRedisFeed, createRedisPresence } from '../src/index.ts';
import { optionsOf } from './redis-world.ts';

const reason = missing('redis');

const world = <Port extends { close(): Promise<void> }>(create: (options: ReturnType<typeof optionsOf>) => Port) => {
  return async (): Promise<World<Port>> => {
    const port = create(optionsOf((await testRedis()).url));
    return { port, advance: (ms) => sleep(ms + 20), close: () => port.close() };
  };
};

/** Redis' time is real: leases and tails are shorter here. */
const TAIL_AGE_MS = 2_000;

describe.skipIf(reason !== null)(`on Redis${reason === null ? '' : ` (${reason})`}`, () => {
  cacheConformance('redis', world(createRedisCache));
  feedConformance(
    'redis',
    world((options) => createRedisFeed({ ...options, ...CONFORMANCE_TAIL, maxTailAgeMs: TAIL_AGE_MS })),
    TAIL_AGE_MS,
  );
  presenceConformance('redis', world(createRedisPresence), { ttlMs: 1_500, runs: 5 });
});
