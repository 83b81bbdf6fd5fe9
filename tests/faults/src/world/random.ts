// Choices that a seed repeats. Each use takes a stream of its own, so that one more choice here does not change those there.
import { createSeededRng } from '@parley/ports';

export interface Random {
  /** [0, 1). */
  next(): number;
  /** A whole number of [from, to]. */
  between(from: number, to: number): number;
  /** Throws when there is nothing to pick from. */
  pick<T>(from: readonly T[]): T;
  shuffled<T>(all: readonly T[]): T[];
  /** A gap of a rhythm without memory, `mean` on average, at most ten times that. */
  gap(mean: number): number;
  /** Another stream, by name. */
  fork(name: string): Random;
}

function mix(seed: number, name: string): number {
  let mixed = seed ^ 0x9e3779b9;
  for (const char of name) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x01000193);
  return mixed >>> 0;
}

export function createRandom(seed: number): Random {
  const { random: next } = createSeededRng(seed);
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    pick: (from) => {
      const picked = from[between(0, from.length - 1)];
      if (picked === undefined) throw new Error('There is nothing to pick from.');
      return picked;
    },
    shuffled: (all) =>
      all
        .map((one) => [next(), one] as const)
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one),
    gap: (mean) => Math.min(mean * 10, -Math.log(1 - next()) * mean),
    fork: (name) => createRandom(mix(seed, name)),
  };
}
