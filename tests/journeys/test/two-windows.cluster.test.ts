// The first five minutes in two windows, unchanged, on a cluster: the windows begin on different gateways.
import { describe } from 'vitest';
import { noCluster } from '../src/index.ts';

const why = noCluster();

describe.skipIf(why !== null)(`two windows on two gateways${why === null ? '' : ` (${why})`}`, async () => {
  process.env.PARLEY_TEST_MODE = 'cluster';
  await import('./first-contact.browser.test.ts');
});
