// T4: the checker finds nothing in clean histories, and every planted bug under its right name.
import { describe, expect, it } from 'vitest';
import { check } from '../check.ts';
import { formatReport } from '../report.ts';
import { COMMAND_MUTANTS } from './command-mutants.ts';
import { generateHistory, seeded } from './generate-history.ts';
import { VIEW_MUTANTS } from './view-mutants.ts';

const CLEAN_SEEDS = 200;
const MUTANT_SEEDS = 12;

describe('the checker', () => {
  it(`finds nothing wrong in ${CLEAN_SEEDS} clean histories, and counts what is in them`, () => {
    const sum = { expected: 0, committed: 0, rejected: 0, reconnects: 0, snapshots: 0 };
    for (let seed = 0; seed < CLEAN_SEEDS; seed++) {
      const report = check(generateHistory(seed));
      expect(report.ok, `seed ${seed}: ${formatReport(report)}`).toBe(true);
      expect(report.counts.lost).toBe(0);
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += report.counts[key];
    }
    // The model does make what the checker is to judge.
    for (const [key, count] of Object.entries(sum)) expect(count, key).toBeGreaterThan(100);
  });

  it.each([...COMMAND_MUTANTS, ...VIEW_MUTANTS])('finds $name, as $caughtAs', ({ caughtAs, plant }) => {
    let planted = 0;
    for (let seed = 0; seed < MUTANT_SEEDS; seed++) {
      const history = plant(generateHistory(seed), seeded(seed));
      if (history === null) continue;
      planted++;
      const report = check(history);
      expect(report.ok).toBe(false);
      expect(
        report.violations.map(({ invariant }) => invariant),
        `seed ${seed}: ${formatReport(report)}`,
      ).toContain(caughtAs);
    }
    expect(planted, 'histories that offered a place for it').toBeGreaterThanOrEqual(3);
  });

  it('answers the same for a history read back from JSON', () => {
    const history = generateHistory(1);
    expect(check(JSON.parse(JSON.stringify(history)))).toEqual(check(history));
  });
});
