// Each fault once, short, on one warm cluster; those that need more of the machine run with the release. A failure prints the command that
// repeats its choices.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS, type FaultResult, isForRelease, missingEngines, missingNeed, openStage, replayUnderFaults, runFault, type Stage } from '../src/index.ts';

const SEED = 1;
const LOAD = { people: 12, rooms: 3, rate: 30 } as const;
const FIXTURE = fileURLToPath(new URL('../../../apps/parley/fixtures/irc/2005-08-08.raw.txt', import.meta.url));
const why = missingEngines();

const wrong = ({ id, seed, problems }: FaultResult): readonly string[] => problems.map((problem) => `${problem} (npm run faults -- ${id} --seed ${seed})`);

describe.skipIf(why !== null)(`a cluster under load${why === null ? '' : ` (${why})`}`, () => {
  let stage: Stage | null = null;
  beforeAll(async () => {
    stage = await openStage();
  }, 120_000);
  afterAll(async () => {
    await stage?.stop();
  }, 60_000);
  const warm = async (): Promise<Stage> => {
    if (stage === null) throw new Error('There is no cluster.');
    return stage;
  };

  for (const fault of FAULTS.filter(({ needs = [] }) => !isForRelease(needs))) {
    const lacking = (fault.needs ?? []).map(missingNeed).find((reason) => reason !== null) ?? null;
    it(`bears ${fault.id}: ${fault.name}`, { timeout: 180_000 }, async ({ skip }) => {
      if (lacking !== null) skip(lacking);
      const result = await runFault(fault, warm, { seed: SEED, load: LOAD });
      expect(wrong(result)).toEqual([]);
      expect(result).toMatchObject({ ok: true, lost: 0, duplicated: 0, outOfOrder: 0, gaps: 0, unresolved: 0 });
    });
  }

  it('loses nothing of a recorded conversation while its processes die in turn', { timeout: 180_000 }, async () => {
    const hurts = ['a gateway worker killed', 'messages killed', 'Redis killed', 'Kafka killed', 'Postgres killed'] as const;
    const result = await replayUnderFaults(await warm(), { files: [FIXTURE], seed: SEED, speed: 4, maxSilenceMs: 5_000, hurts, pauseMs: 0 });
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ ok: true, lost: 0, duplicated: 0, outOfOrder: 0, gaps: 0, unresolved: 0, delivered: result.expected, hurts });
  });
});
