// Virtual time runs timers in due order, lets promises settle between them, and a seed repeats everything.
import { createManualClock, createSeededRng } from '@parley/ports';
import { describe, expect, it } from 'vitest';

describe('the manual clock', () => {
  it('runs timers in due order, each at its own time', async () => {
    const clock = createManualClock(1_000);
    const seen: string[] = [];
    const note = (name: string) => (): void => void seen.push(`${name} at ${clock.now()}`);
    clock.after(30, note('late'));
    clock.after(10, note('early'));
    const every = clock.every(20, note('every'));
    await clock.advance(45);
    every.cancel();
    await clock.advance(100);
    expect(seen).toEqual(['early at 1010', 'every at 1020', 'late at 1030', 'every at 1040']);
    expect([clock.now(), clock.monotonic()]).toEqual([1_145, 145]);
    expect(clock.nextIn()).toBeNull();
  });

  it('lets what a timer set in motion settle before the next one', async () => {
    const clock = createManualClock();
    const seen: string[] = [];
    const sleeper = async (): Promise<void> => {
      await clock.sleep(10);
      seen.push('woken');
      await clock.sleep(10);
      seen.push(`woken again at ${clock.monotonic()}`);
    };
    void sleeper();
    clock.after(15, () => seen.push('between'));
    await clock.advance(20);
    expect(seen).toEqual(['woken', 'between', 'woken again at 20']);
  });

  it('does not call a cancelled timer, also not one that is due in the same moment', async () => {
    const clock = createManualClock();
    let called = false;
    const timers = [clock.after(10, () => timers[1]?.cancel()), clock.after(10, () => (called = true))];
    await clock.advance(10);
    expect(called).toBe(false);
  });

  it('may be skewed without touching durations', async () => {
    const clock = createManualClock(0);
    clock.skew(3_600_000);
    await clock.advance(10);
    expect([clock.now(), clock.monotonic()]).toEqual([3_600_010, 10]);
  });
});

describe('the seeded rng', () => {
  it('repeats itself from a seed, and not from another', () => {
    const draw = (seed: number): unknown[] => {
      const rng = createSeededRng(seed);
      return [rng.random(), rng.id(), rng.secret(16), rng.random()];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('makes ids that are version 7 UUIDs, different and in order', () => {
    const clock = createManualClock();
    for (const rng of [createSeededRng(3), createSeededRng(3, clock)]) {
      const ids = Array.from({ length: 1_000 }, () => rng.id());
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect([...new Set(ids)].sort()).toEqual(ids);
    }
  });

  it('draws evenly enough from [0, 1)', () => {
    const rng = createSeededRng(9);
    const buckets = new Array<number>(10).fill(0);
    for (let nr = 0; nr < 10_000; nr++) buckets[Math.floor(rng.random() * 10)]!++;
    for (const count of buckets) expect(count).toBeGreaterThan(850);
  });
});
