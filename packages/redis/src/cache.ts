// A cache that processes share. A load is made by one of them at a time; a value whose load began before a drop is not kept.
// It never fails: without Redis every value is loaded anew.
import type { Cache, Clock, Rng } from '@parley/ports';
import { Link, RedisAway, type RedisOptions, scriptOf } from './link.ts';

export interface RedisCacheOptions extends RedisOptions {
  readonly rng: Rng;
}

export interface RedisCache extends Cache {
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

/** Another process that loads the value is waited for this long at most. */
const LOCK_MS = 2_000;
const LOOK_MS = 50;

/** Keys: value, lock. Arguments: token, value, ms. Keeps the value only when the lock is still this load's. */
const KEEP = scriptOf(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1
`);

interface Loading {
  readonly promise: Promise<unknown>;
  /** The key was set or dropped meanwhile: what comes is old already. */
  outdated: boolean;
}

export function createRedisCache(options: RedisCacheOptions): RedisCache {
  const { url, keyPrefix = 'parley:', clock, rng, logger } = options;
  const link = new Link({ url, name: 'cache', clock, logger });
  const valueKey = (key: string): string => `${keyPrefix}cache:v:${key}`;
  const lockKey = (key: string): string => `${keyPrefix}cache:l:${key}`;
  const loading = new Map<string, Loading>();

  const quietly = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.debug({ err: error }, 'the cache is away');
    }
  };
  const find = async (key: string): Promise<{ readonly value: unknown } | undefined> => {
    const text = await link.call('read cache', (client) => client.get(valueKey(key)));
    return text === null ? undefined : { value: JSON.parse(text) as unknown };
  };
  const outdate = (key: string): void => {
    const current = loading.get(key);
    if (current !== undefined) current.outdated = true;
  };
  const load = createLoad({ link, clock, rng, find, valueKey, lockKey });

  return {
    get: async (key) => (await find(key).catch(() => undefined))?.value,
    set: async (key, value, ttlMs) => {
      outdate(key);
      await quietly(() => link.call('write cache', (client) => client.multi().set(valueKey(key), JSON.stringify(value), 'PX', ttlMs).del(lockKey(key)).exec()));
    },
    drop: async (key) => {
      outdate(key);
      await quietly(() => link.call('drop from cache', (client) => client.del(valueKey(key), lockKey(key))));
    },
    getOrLoad: async <T>(key: string, ttlMs: number, loader: () => Promise<T>): Promise<T> => {
      for (;;) {
        const current = loading.get(key);
        if (current !== undefined && !current.outdated) return current.promise as Promise<T>;
        if (current !== undefined) {
          await current.promise.catch(() => undefined);
          continue;
        }
        const next: Loading = {
          promise: Promise.resolve()
            .then(() => load(key, ttlMs, loader))
            .finally(() => loading.delete(key)),
          outdated: false,
        };
        loading.set(key, next);
        return next.promise as Promise<T>;
      }
    },
    problems: () => link.problems(),
    close: async () => link.close(),
  };
}

interface LoadDeps {
  readonly link: Link;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly find: (key: string) => Promise<{ readonly value: unknown } | undefined>;
  readonly valueKey: (key: string) => string;
  readonly lockKey: (key: string) => string;
}

/** One load of this process: the cached value, or what another process loads now, or what the loader answers. */
function createLoad({ link, clock, rng, find, valueKey, lockKey }: LoadDeps) {
  return async (key: string, ttlMs: number, loader: () => Promise<unknown>): Promise<unknown> => {
    const token = rng.id();
    let mayKeep = false;
    try {
      for (const giveUpAt = clock.monotonic() + LOCK_MS; !mayKeep && clock.monotonic() < giveUpAt; ) {
        const found = await find(key);
        if (found !== undefined) return found.value;
        mayKeep = (await link.call('lock cache', (client) => client.set(lockKey(key), token, 'PX', LOCK_MS, 'NX'))) !== null;
        if (!mayKeep) await clock.sleep(LOOK_MS);
      }
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
    }
    // Its age counts from before the load: that is when the truth was asked.
    const began = clock.monotonic();
    try {
      const value = await loader();
      const leftMs = Math.floor(ttlMs - (clock.monotonic() - began));
      if (mayKeep) await link.run('fill cache', KEEP, [valueKey(key), lockKey(key)], [token, JSON.stringify(value), leftMs]).catch(() => undefined);
      return value;
    } catch (error) {
      if (mayKeep) await link.run('unlock cache', KEEP, [valueKey(key), lockKey(key)], [token, '', 0]).catch(() => undefined);
      throw error;
    }
  };
}
