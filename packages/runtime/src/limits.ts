// How often something may be done, counted in one place for all instances when there is one, and in this process when that place is away:
// a limit never makes a call fail by itself. Services name their limits and never know where they are counted.
import { ParleyError } from '@parley/protocol';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export interface Limiter {
  /** Counts one. Throws ParleyError('slow_down') with retryAfterMs when it was one too many. */
  take(key: string): Promise<void>;
  /** What was counted for the key is forgotten. */
  forget(key: string): Promise<void>;
}

export interface LimiterOptions {
  readonly name: string;
  /** So many in `seconds`. */
  readonly points: number;
  readonly seconds: number;
  /** What the refused are told. */
  readonly message: string;
}

export type Limits = (options: LimiterOptions) => Limiter;

/** Where instances count together: an ioredis client that answers or fails soon, made by the adapter. */
export interface LimiterStore {
  readonly client: object;
  /** Before every key. */
  readonly prefix: string;
}

/** What rate-limiter-flexible refused as our error; anything else comes back as it is. */
export function slowDown(refused: unknown, message: string): unknown {
  if (!(refused instanceof RateLimiterRes)) return refused;
  return new ParleyError('slow_down', message, { retryAfterMs: Math.ceil(refused.msBeforeNext) });
}

/** Limits counted in the store; while it is away, and without one, in this process. */
export function createLimits(store?: LimiterStore): Limits {
  return ({ name, points, seconds, message }) => {
    const here = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
    const limiter =
      store === undefined
        ? here
        : new RateLimiterRedis({
            storeClient: store.client,
            keyPrefix: `${store.prefix}limit:${name}`,
            points,
            duration: seconds,
            insuranceLimiter: here,
            rejectIfRedisNotReady: true,
          });
    return {
      async take(key) {
        try {
          await limiter.consume(key);
        } catch (refused) {
          throw slowDown(refused, message);
        }
      },
      async forget(key) {
        await limiter.delete(key);
      },
    };
  };
}
