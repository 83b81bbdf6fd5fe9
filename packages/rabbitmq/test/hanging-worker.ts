// A worker process that takes jobs and never finishes them, until it is killed. Started by deaths.test.ts with the broker's URL and a prefix.
import { systemClock, systemRng } from '@parley/ports';
import { createRabbitWorkQueue } from '../src/index.ts';

const [url = '', prefix = '', queue = ''] = process.argv.slice(2);
const jobs = createRabbitWorkQueue({ url, prefix, clock: systemClock, rng: systemRng });
await jobs.work(queue, async ({ id }) => {
  console.log(id);
  await new Promise(() => undefined);
});
