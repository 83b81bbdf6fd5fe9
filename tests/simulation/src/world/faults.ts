// What goes wrong and how often, drawn from the seed. After `heal` nothing goes wrong any more; what is already under way still lands.
import type { Rng } from '@parley/ports';

export interface FaultRates {
  /** An append fails: not in the log, in the log all the same, or in the log a while later. */
  readonly append: number;
  /** A feed message does not reach a subscriber, or reaches it twice. */
  readonly feedLost: number;
  readonly feedTwice: number;
  /** A publish fails for the publisher. */
  readonly publish: number;
  /** A statement of the store fails (its connection broke); a commit that fails may have been done. */
  readonly store: number;
  /** An HTTP request gets no answer. */
  readonly http: number;
}

const NONE: FaultRates = { append: 0, feedLost: 0, feedTwice: 0, publish: 0, store: 0, http: 0 };

export interface Faults {
  readonly rates: FaultRates;
  readonly rng: Rng;
  hits(rate: keyof FaultRates): boolean;
  /** Integer in [from, to]. */
  between(from: number, to: number): number;
  pick<T>(of: readonly T[]): T;
  heal(): void;
  readonly healed: boolean;
}

/** Each seed draws its own mix: some faults off, some frequent. */
export function createFaults(rng: Rng): Faults {
  const rate = (most: number): number => (rng.random() < 0.4 ? 0 : rng.random() * most);
  let rates: FaultRates = { append: rate(0.2), feedLost: rate(0.3), feedTwice: rate(0.3), publish: rate(0.2), store: rate(0.1), http: rate(0.3) };
  let healed = false;
  const between = (from: number, to: number): number => from + Math.floor(rng.random() * (to - from + 1));
  return {
    get rates() {
      return rates;
    },
    get healed() {
      return healed;
    },
    rng,
    hits: (name) => rates[name] > 0 && rng.random() < rates[name],
    between,
    pick: (of) => of[between(0, of.length - 1)] as (typeof of)[number],
    heal() {
      rates = NONE;
      healed = true;
    },
  };
}
