// With a release: what needs root, loop devices or three brokers; every fault in all its variants with seeds that nobody chose; and ten
// recorded conversations while every kind of process dies in turn. PARLEY_FAULT_SEED repeats a run, PARLEY_FAULT_TIMES makes it longer,
// PARLEY_IRC names a folder of *.raw.txt logs.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { FAULTS, missingEngines, missingNeed, openStage, replayUnderFaults, runFault, type Stage } from '../src/index.ts';

const SEED = Number(process.env.PARLEY_FAULT_SEED ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const TIMES = Number(process.env.PARLEY_FAULT_TIMES ?? 1);
const IRC = process.env.PARLEY_IRC ?? fileURLToPath(new URL('../../../apps/parley/fixtures/irc', import.meta.url));
const LOGS = 10;
const CLEAN = { ok: true, lost: 0, duplicated: 0, outOfOrder: 0, gaps: 0, unresolved: 0 };
const why = missingEngines();

describe.skipIf(why !== null)(`a cluster for a release, seed ${SEED}${why === null ? '' : ` (${why})`}`, () => {
  let stage: Promise<Stage> | null = null;
  const warm = (): Promise<Stage> => {
    stage ??= openStage();
    return stage;
  };
  afterAll(async () => {
    await (await stage)?.stop();
  }, 60_000);

  for (const fault of FAULTS) {
    const lacking = (fault.needs ?? []).map(missingNeed).find((reason) => reason !== null) ?? null;
    for (let time = 0; time < TIMES; time++) {
      const seed = SEED + time;
      it(`bears ${fault.id}: ${fault.name} (npm run faults -- ${fault.id} --long --seed ${seed})`, { timeout: 1_200_000 }, async ({ skip }) => {
        if (lacking !== null) skip(lacking);
        const result = await runFault(fault, warm, { seed, long: true });
        expect(result.problems).toEqual([]);
        expect(result).toMatchObject(CLEAN);
      });
    }
  }

  it('loses nothing of recorded conversations while every kind of process dies in turn', { timeout: 1_800_000 }, async ({ skip }) => {
    if (!existsSync(IRC)) skip(`there is no ${IRC}`);
    const files = readdirSync(IRC)
      .filter((name) => name.endsWith('.raw.txt'))
      .slice(0, LOGS)
      .map((name) => join(IRC, name));
    const result = await replayUnderFaults(await warm(), { files, seed: SEED, speed: 100, maxSilenceMs: 60_000, pauseMs: 30_000 });
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ ...CLEAN, delivered: result.expected });
  });
});
