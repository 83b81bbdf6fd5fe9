// Randomness that a seed repeats, for tests and simulation. Never for anything that must be unguessable.
import type { Clock, Rng } from './clock.ts';

/** `clock`: where ids take their time from; without it each id is one ms younger than the last. */
export function createSeededRng(seed: number, clock?: Pick<Clock, 'now'>): Rng {
  let state = seed >>> 0;
  let count = 0;
  // mulberry32: 32 bits of state, equal on every platform.
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => word() & 0xff);

  const id = (): string => {
    count++;
    const time = (clock?.now() ?? Date.UTC(2026, 0, 1) + count).toString(16).padStart(12, '0');
    // The count sits where the standard wants the version's 12 bits: ids of one ms keep their order.
    const ordered = (count & 0xfff).toString(16).padStart(3, '0');
    const rest = Buffer.from(bytes(8));
    rest[0] = (rest[0]! & 0x3f) | 0x80;
    const tail = rest.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${ordered}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
  return { random: () => word() / 2 ** 32, id, secret: (length) => Buffer.from(bytes(length)).toString('base64url') };
}
