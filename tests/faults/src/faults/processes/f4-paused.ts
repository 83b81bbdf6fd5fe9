// F4: a process stands still (SIGSTOP) for longer than others wait for it, and wakes as one that believes itself still the owner.
import type { Fault } from '../../fault.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep } from '../../sleep.ts';

/** Longer than the log's group waits (6 to 8 s), and longer than a gateway's lease of presence lives (8 s). */
const PAUSE_MS = { least: 9_000, most: 11_000 } as const;
const LONG_MS = { least: 30_000, most: 90_000 } as const;

export const paused: Fault = {
  id: 'F4',
  name: 'SIGSTOP of a messages instance and of a gateway, and CONT',
  async run({ cluster, load, random, long, step, figure }) {
    const length = long ? LONG_MS : PAUSE_MS;
    const victims = [random.pick(['messages-1', 'messages-2']), random.pick(['gateway-1', 'gateway-2'])];
    const began = performance.now();
    // Short: together, because each needs its time; long: one after the other, then together.
    for (const together of long ? [[victims[0]], [victims[1]], victims] : [victims]) {
      const processes = together.map((name) => cluster.process(name ?? ''));
      const ms = random.between(length.least, length.most);
      step(`SIGSTOP ${together.join(', ')} for ${ms} ms`);
      await Promise.all(processes.map((one) => one.pause()));
      await sleep(ms);
      await Promise.all(processes.map((one) => one.resume()));
      await Promise.all(processes.map((one) => one.ready()));
    }
    figure({ name: 'send to seen p99 meanwhile', value: percentile(delaysIn([load.owner, ...load.people], began, performance.now()), 0.99), unit: 'ms' });
  },
};
