// A cache in this process: bounded by entries, the least recently used go first.
import type { Cache } from '../cache.ts';
import type { Clock } from '../clock.ts';

export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** Default 10,000. */
  readonly maxEntries?: number;
}

interface Loading {
  readonly promise: Promise<unknown>;
  /** The key was set or dropped meanwhile: what comes is old already. */
  outdated: boolean;
}

export function createMemoryCache({ clock, maxEntries = 10_000 }: MemoryCacheOptions): Cache {
  const entries = new Map<string, { readonly value: unknown; readonly ends: number }>();
  const loading = new Map<string, Loading>();

  const find = (key: string): { readonly value: unknown } | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    entries.delete(key);
    if (entry.ends <= clock.monotonic()) return undefined;
    entries.set(key, entry);
    return entry;
  };
  const store = (key: string, value: unknown, ends: number): void => {
    entries.delete(key);
    entries.set(key, { value, ends });
    if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
  };
  const outdate = (key: string): void => {
    const current = loading.get(key);
    if (current !== undefined) current.outdated = true;
  };
  const load = (key: string, ttlMs: number, loader: () => Promise<unknown>): Promise<unknown> => {
    // Its age counts from before the load: that is when the truth was asked.
    const ends = clock.monotonic() + ttlMs;
    const run = async (): Promise<unknown> => {
      try {
        const value = await loader();
        if (!current.outdated) store(key, value, ends);
        return value;
      } finally {
        loading.delete(key);
      }
    };
    const current: Loading = { promise: Promise.resolve().then(run), outdated: false };
    loading.set(key, current);
    return current.promise;
  };

  return {
    get: async (key) => find(key)?.value,
    set: async (key, value, ttlMs) => {
      outdate(key);
      store(key, value, clock.monotonic() + ttlMs);
    },
    drop: async (key) => {
      outdate(key);
      entries.delete(key);
    },
    getOrLoad: async <T>(key: string, ttlMs: number, loader: () => Promise<T>): Promise<T> => {
      for (;;) {
        const entry = find(key);
        if (entry !== undefined) return entry.value as T;
        const current = loading.get(key);
        if (current === undefined) return load(key, ttlMs, loader) as Promise<T>;
        if (!current.outdated) return current.promise as Promise<T>;
        await current.promise.catch(() => undefined);
      }
    },
  };
}
