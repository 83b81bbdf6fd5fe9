// Waits are rounded so that RabbitMQ has few queues to keep them in, and never to less than was asked for.
import { expect, it } from 'vitest';
import { roundedDelay } from './topology.ts';

it('rounds a wait up by at most a tenth, to one of few, and to a day at most', () => {
  const seen = new Set<number>();
  for (let ms = 1; ms <= 100_000; ms++) {
    const rounded = roundedDelay(ms);
    if (rounded < ms || rounded > ms * 1.1) expect([ms, rounded]).toEqual([ms, 'no less and a tenth more']);
    seen.add(rounded);
  }
  expect(seen.size).toBeLessThanOrEqual(400);
  expect([0, 0.2, 1_000, 1_001, 60_000, 1e12].map(roundedDelay)).toEqual([1, 1, 1_000, 1_100, 60_000, 86_400_000]);
});
