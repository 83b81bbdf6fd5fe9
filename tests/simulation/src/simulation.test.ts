// Every promise under faults, seed after seed. A failing seed runs again, the same to the byte:
// node tests/simulation/src/run.ts --from <seed> --seeds 1
import { formatReport } from '@parley/checker';
import { describe, expect, it } from 'vitest';
import { seedsWanted } from './config.ts';
import { SIM_MUTANTS } from './mutants.ts';
import { runSeed } from './run-seed.ts';

const TIME_BOX_MS = 40_000;
const SEEDS_LEAST = 40;
const MUTANT_SEEDS = 50;

describe('the simulated installation', () => {
  it('runs a seed the same way every time, byte for byte', async () => {
    const [one, two, other] = [await runSeed(11), await runSeed(11), await runSeed(12)];
    expect(two.trace).toBe(one.trace);
    expect(two.report).toEqual(one.report);
    expect(other.trace).not.toBe(one.trace);
  });

  it('keeps every promise, and comes to rest, whatever fails', { timeout: 86_400_000 }, async () => {
    const wanted = seedsWanted();
    const started = performance.now();
    const sum = { committed: 0, rejected: 0, expected: 0, reconnects: 0, snapshots: 0 };
    let waited = 0;
    let seed = 0;
    const more = (): boolean => (wanted === null ? seed < SEEDS_LEAST || performance.now() - started < TIME_BOX_MS : seed < wanted);
    for (; more(); seed++) {
      const result = await runSeed(seed);
      expect(result.ok, `seed ${seed}, ${result.unrest ?? 'at rest'}: ${formatReport(result.report)}`).toBe(true);
      waited += result.waited;
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += result.report.counts[key];
    }
    // The runs did hold what they are to prove.
    expect(waited, 'flushes that waited').toBeGreaterThan(10 * seed);
    for (const [key, count] of Object.entries(sum)) expect(count, key).toBeGreaterThan(seed);
  });

  it.each(SIM_MUTANTS)('finds: $name', { timeout: 120_000 }, async ({ planted }) => {
    for (let seed = 0; seed < MUTANT_SEEDS; seed++) {
      if (!(await runSeed(seed, { planted })).ok) return;
    }
    expect.fail(`not found within ${MUTANT_SEEDS} seeds`);
  });
});
