// F17: every process is replaced under load, politely, one after the other. No send fails and nobody sees an error; those who must reconnect
// are spread over the drain.
import type { Fault } from '../../fault.ts';
import { absences, departures, percentile } from '../../measure/spans.ts';

/** In this part of all reconnects at most may fall on any tenth of a second, when they are spread over 1.5 s per worker. */
const CROWD = 0.5;
const CROWD_MS = 100;

export const rollingRestart: Fault = {
  id: 'F17',
  name: 'a rolling restart of every process',
  async run({ cluster, load, random, long, step, figure }) {
    const people = [load.owner, ...load.people];
    const since = performance.now();
    const gateways = cluster.processes.filter(({ name }) => name.startsWith('gateway'));
    const others = cluster.processes.filter(({ name }) => !name.startsWith('gateway'));
    const services = random.shuffled(others);
    for (const one of [...gateways, ...(long ? services : services.filter(({ name }) => name.startsWith('messages')))]) {
      step(`restart ${one.name}`);
      await one.restart();
    }
    const failed = load.failures.length;
    const times = absences(people, since);
    const left = departures(people, since);
    const crowd = Math.max(0, ...left.map((at) => left.filter((other) => other >= at && other < at + CROWD_MS).length));
    figure({ name: 'failed sends', value: failed, unit: 'count', most: 0 });
    figure({ name: 'reconnects', value: times.length, unit: 'count', least: 1 });
    figure({ name: 'away p99', value: percentile(times, 0.99), unit: 'ms', most: 3_000 });
    figure({ name: 'most reconnects within 100 ms, of all', value: Math.round((crowd / Math.max(1, left.length)) * 100) / 100, unit: 'ratio', most: CROWD });
  },
};
