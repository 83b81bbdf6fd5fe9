// How often one address or one name may try to sign in or register. Addresses are those of the connection: X-Forwarded-For is not trusted.
import { ParleyError } from '@parley/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export type Attempt = 'login' | 'register';

export interface RateLimits {
  /** Throws ParleyError('slow_down') with retryAfterMs. Sessions of class `load` do not ask. */
  take(attempt: Attempt, address: string, handle: string): Promise<void>;
  /** A right password: the name's failures are forgotten. */
  succeeded(handle: string): Promise<void>;
}

const MINUTE_S = 60;
/** Many people share an address (an office, a school); few people try one name often. */
const POINTS = { loginAddress: 120, loginHandle: 20, registerAddress: 60 };

export function createRateLimits(): RateLimits {
  const limiter = (keyPrefix: string, points: number): RateLimiterMemory => new RateLimiterMemory({ keyPrefix, points, duration: MINUTE_S });
  const loginAddress = limiter('login-address', POINTS.loginAddress);
  const loginHandle = limiter('login-handle', POINTS.loginHandle);
  const registerAddress = limiter('register-address', POINTS.registerAddress);
  return {
    async take(attempt, address, handle) {
      if (attempt === 'register') return take(registerAddress, address);
      await take(loginAddress, address);
      await take(loginHandle, handle);
    },
    async succeeded(handle) {
      await loginHandle.delete(handle);
    },
  };
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw new ParleyError('slow_down', 'Too many attempts.', { retryAfterMs: refused.msBeforeNext });
  }
}
