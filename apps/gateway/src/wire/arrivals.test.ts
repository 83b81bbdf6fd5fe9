// A storm of connections is let in evenly and in order, whoever waits too long is told at once, and nobody who waits is forgotten.
import { createManualClock } from '@parley/ports';
import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.ts';

test('who comes alone is let in at once; a crowd a few every hundredth of a second, in order', async () => {
  const clock = createManualClock();
  const arrivals = new Arrivals({ clock, perSecond: 1_000 });
  const entered: number[] = [];
  for (let i = 0; i < 35; i++) expect(arrivals.come(() => entered.push(i))).toBe(true);
  expect([entered.length, arrivals.size]).toEqual([10, 25]);
  await clock.advance(10);
  expect([entered.length, arrivals.size]).toEqual([20, 15]);
  await clock.advance(25);
  expect(entered).toEqual(Array.from({ length: 35 }, (_, i) => i));
  expect(arrivals.size).toBe(0);
  arrivals.come(() => entered.push(35));
  await clock.advance(50);
  for (let i = 0; i < 10; i++) arrivals.come(() => entered.push(i));
  expect(entered.length).toBe(46);
});

test('five thousand at once are all in after five seconds, and some in each step', async () => {
  const clock = createManualClock();
  const arrivals = new Arrivals({ clock, perSecond: 1_000 });
  let entered = 0;
  for (let i = 0; i < 5_000; i++) arrivals.come(() => entered++);
  for (let ms = 0; ms < 5_000; ms += 500) {
    const before = entered;
    await clock.advance(500);
    expect(entered - before).toBeLessThanOrEqual(510);
  }
  expect(entered).toBe(5_000);
});

test('more than can be let in soon are refused, and at the end nobody is left waiting', () => {
  const arrivals = new Arrivals({ clock: createManualClock(), perSecond: 100 });
  let entered = 0;
  const taken = Array.from({ length: 1_000 }, () => arrivals.come(() => entered++)).filter(Boolean).length;
  expect([taken, entered]).toEqual([801, 1]);
  arrivals.all();
  expect([entered, arrivals.size]).toEqual([801, 0]);
});
