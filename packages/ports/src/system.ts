// The real clock and randomness: the one adapter of Clock and Rng.
import { randomBytes, randomUUIDv7 } from 'node:crypto';
import type { Clock, Rng, Timer } from './clock.ts';

const unref = (timer: NodeJS.Timeout): NodeJS.Timeout => timer.unref();

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback): Timer => {
    const timer = unref(setTimeout(callback, ms));
    return { cancel: () => clearTimeout(timer) };
  },
  every: (ms, callback): Timer => {
    const timer = unref(setInterval(callback, ms));
    return { cancel: () => clearInterval(timer) };
  },
  // A sleeper is waited for, so it does keep the process alive.
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const systemRng: Rng = {
  random: () => Math.random(),
  id: () => randomUUIDv7(),
  secret: (bytes) => randomBytes(bytes).toString('base64url'),
};
