// Where limits are counted for all instances. It answers or fails soon, so that counting never holds up a call.
import { Link, type RedisOptions } from './link.ts';

/** Longer than this nobody waits to be counted; they are counted in their own process. */
const COUNT_MS = 250;

export interface RedisLimiterStore {
  readonly client: object;
  readonly prefix: string;
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

export function createRedisLimiterStore({ url, keyPrefix = 'parley:', clock, logger }: RedisOptions): RedisLimiterStore {
  const link = new Link({ url, name: 'limits', clock, logger, commandMs: COUNT_MS });
  return { client: link.client, prefix: keyPrefix, problems: () => link.problems(), close: async () => link.close() };
}
