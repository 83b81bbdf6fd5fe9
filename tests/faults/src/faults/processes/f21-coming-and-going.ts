// F21: messages instances come and go every 2 s, so that partitions change their owner all the time.
import type { Fault } from '../../fault.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep } from '../../sleep.ts';

const EVERY_MS = 2_000;
const TIMES = 5;
const LONG_TIMES = 30;
/** With the owner leaving politely nobody waits for a session to run out. */
const SEEN_P99_MS = 10_000;

export const comingAndGoing: Fault = {
  id: 'F21',
  name: 'messages instances leave and join every 2 s',
  async run({ cluster, load, random, long, step, figure }) {
    const began = performance.now();
    const both = cluster.processes.filter(({ name }) => name.startsWith('messages'));
    let rounds = 0;
    for (; rounds < (long ? LONG_TIMES : TIMES); rounds++) {
      const one = random.pick(both);
      const from = performance.now();
      step(`${one.name} leaves`);
      if (random.next() < 0.5) {
        await one.stop();
        await one.start();
      } else await one.kill();
      await sleep(Math.max(0, EVERY_MS - (performance.now() - from)));
    }
    await Promise.all(both.map((one) => one.ready()));
    figure({ name: 'changes', value: rounds, unit: 'count' });
    figure({
      name: 'send to seen p99 meanwhile',
      value: percentile(delaysIn([load.owner, ...load.people], began, performance.now()), 0.99),
      unit: 'ms',
      most: SEEN_P99_MS,
    });
  },
};
