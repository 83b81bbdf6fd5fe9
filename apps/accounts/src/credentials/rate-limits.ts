// How often one address or one name may try to sign in or register. Addresses are those of the connection, or what a trusted
// proxy says.
import { isIPv6 } from 'node:net';
import { createLimits, type Limiter, type Limits } from '@parley/runtime';

export type Attempt = 'login' | 'register';

export interface RateLimits {
  /** Throws ParleyError('slow_down') with retryAfterMs. Sessions of class `load` do not ask. */
  take(attempt: Attempt, address: string, handle: string): Promise<void>;
  /** A right password: the failures of this name from there are forgotten. */
  succeeded(address: string, handle: string): Promise<void>;
}

const MINUTE_S = 60;
/**
 * Many people share an address (an office, a school); few people try one name often. A name is counted per address first, so that who
 * guesses somebody's password does not lock them out; all addresses together may guess it five times as often, and no more.
 */
const POINTS = { loginAddress: 120, loginHandleThere: 20, loginHandle: 100, registerAddress: 60 };

export function createRateLimits(limits: Limits = createLimits()): RateLimits {
  const limiter = (name: string, points: number): Limiter => limits({ name, points, seconds: MINUTE_S, message: 'Too many attempts.' });
  const loginAddress = limiter('login-address', POINTS.loginAddress);
  const loginHandleThere = limiter('login-handle-there', POINTS.loginHandleThere);
  const loginHandle = limiter('login-handle', POINTS.loginHandle);
  const registerAddress = limiter('register-address', POINTS.registerAddress);
  return {
    async take(attempt, address, handle) {
      const from = networkOf(address);
      if (attempt === 'register') return registerAddress.take(from);
      await loginAddress.take(from);
      await loginHandleThere.take(`${from} ${handle}`);
      await loginHandle.take(handle);
    },
    async succeeded(address, handle) {
      await loginHandleThere.forget(`${networkOf(address)} ${handle}`);
    },
  };
}

/** Who has an IPv6 address has 2^64 of them: they count as one. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  const [left = '', right] = plain.toLowerCase().split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
