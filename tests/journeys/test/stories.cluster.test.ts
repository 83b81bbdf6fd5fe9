// The stories of the one process, unchanged, on one cluster with the people of each on both gateways. Left out are those that are about the
// one process itself: its commands, its data folder, its start and its death (commands, database-trouble, notifications-killed, replay, start).
import { afterAll, beforeAll, describe } from 'vitest';
import { noCluster, startOwnCluster } from '../src/index.ts';

const why = noCluster();
const STORIES = ['two-people', 'membership', 'away-and-back', 'files', 'erasure'] as const;

describe.skipIf(why !== null)(`in a cluster${why === null ? '' : ` (${why})`}`, async () => {
  let end: () => Promise<void> = async () => {};
  beforeAll(async () => {
    const own = await startOwnCluster();
    end = own.end;
    process.env.PARLEY_TEST_URL = own.cluster.url;
    process.env.PARLEY_TEST_LOAD_KEY = await own.cluster.loadKey();
    process.env.PARLEY_TEST_GATEWAYS = own.cluster.gatewayUrls.join(',');
  }, 180_000);
  afterAll(async () => {
    for (const name of ['URL', 'LOAD_KEY', 'GATEWAYS']) delete process.env[`PARLEY_TEST_${name}`];
    await end();
  }, 60_000);

  for (const story of STORIES) {
    describe(story, async () => {
      await import(`./${story}.test.ts`);
    });
  }
});
