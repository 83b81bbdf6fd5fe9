// Adapters on a real Redis that end with their test, and a client that looks at Redis itself.
import { randomUUID } from 'node:crypto';
import { systemClock, systemRng } from '@parley/ports';
import { Redis } from 'ioredis';
import { createRedisFeed, createRedisPresence, type RedisFeed, type RedisOptions, type RedisPresence } from '../src/index.ts';
import { silent } from './silent.ts';

export const optionsOf = (url: string, keyPrefix = `${randomUUID()}:`): RedisOptions & { rng: typeof systemRng } => ({
  url,
  keyPrefix,
  clock: systemClock,
  rng: systemRng,
  logger: silent,
});

export interface RedisWorld {
  readonly url: string;
  readonly keyPrefix: string;
  feed(): RedisFeed;
  presence(): RedisPresence;
  /** A plain client, beside the adapters. */
  readonly admin: Redis;
  close(): Promise<void>;
}

export function redisWorld(url: string): RedisWorld {
  const keyPrefix = `${randomUUID()}:`;
  const closers: (() => Promise<void>)[] = [];
  const admin = new Redis(url, { lazyConnect: true });
  admin.on('error', () => undefined);
  const opened = <T extends { close(): Promise<void> }>(one: T): T => {
    closers.push(() => one.close());
    return one;
  };
  return {
    url,
    keyPrefix,
    admin,
    feed: () => opened(createRedisFeed(optionsOf(url, keyPrefix))),
    presence: () => opened(createRedisPresence(optionsOf(url, keyPrefix))),
    close: async () => {
      admin.disconnect();
      for (const close of closers) await close();
    },
  };
}
