// Somebody who appends 0, 1, 2, ... to one partition, each again until it is acknowledged, and remembers how long that took.
import { LogUnavailable } from '@parley/ports';
import { expect } from 'vitest';
import type { KafkaEventLog } from '../src/index.ts';
import { encode } from './broker.ts';

export interface Appending {
  /** Ends it; answers how many were acknowledged. */
  end(): Promise<number>;
  /** Acknowledged so far. */
  count(): number;
  /** How long each refused append took, in ms. */
  readonly failures: number[];
  /** The longest time between two acknowledgements since the last call, in ms; the one that lasts counts too. */
  longestStall(): number;
}

export function appendUntil(log: KafkaEventLog, partition: number): Appending {
  let [running, nr, longest, last] = [true, 0, 0, performance.now()];
  const failures: number[] = [];
  const look = (): number => {
    longest = Math.max(longest, performance.now() - last);
    return longest;
  };
  const done = (async () => {
    while (running) {
      const began = performance.now();
      try {
        await log.append('four', [{ partition, key: 'k', value: encode(`${nr}`) }]);
        nr++;
        look();
        last = performance.now();
      } catch (error) {
        expect(error).toBeInstanceOf(LogUnavailable);
        failures.push(performance.now() - began);
      }
    }
    return nr;
  })();
  return {
    failures,
    count: () => nr,
    end: () => {
      running = false;
      return done;
    },
    longestStall: () => {
      const stall = look();
      longest = 0;
      return stall;
    },
  };
}

/** Without the repeats of what was sent twice because its first answer was lost. */
export const firsts = (values: readonly string[]): string[] => [...new Set(values)];
