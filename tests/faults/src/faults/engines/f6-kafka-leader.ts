// F6: of three Kafka brokers one dies, with the partitions that it leads: another takes them, nothing accepted is lost, and the standstill is short.
import { type Engine, startThreeKafkas } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';
import type { Fault } from '../../fault.ts';
import { triesIn } from '../../measure/spans.ts';
import { sleep } from '../../sleep.ts';

const STALL_MS = 15_000;
const AWAY_MS = 15_000;
let brokers: readonly Engine[] = [];

export const kafkaLeader: Fault = {
  id: 'F6',
  name: 'one of three Kafka brokers killed: its partitions change their leader',
  needs: ['three brokers'],
  stage: async () => {
    brokers = await startThreeKafkas({ folder: passingFolder('parley-fault-brokers-') });
    const [first] = brokers;
    if (first === undefined) throw new Error('There are no brokers.');
    return {
      engines: { kafka: first },
      kafka: { kafkaBrokers: brokers.map(({ url }) => url).join(','), kafkaProfile: 'three' },
      clean: async () => void (await Promise.all(brokers.map((one) => one.stop()))),
    };
  },
  async run({ load, random, long, step, figure }) {
    const people = [load.owner, ...load.people];
    for (const broker of long ? random.shuffled(brokers) : [random.pick(brokers)]) {
      step(`kill -9 broker ${brokers.indexOf(broker) + 1}`);
      const gone = performance.now();
      await broker.kill();
      await sleep(AWAY_MS);
      const accepted = triesIn(people, gone, performance.now() - 1_000).filter(({ answer }) => answer === 'accepted');
      figure({ name: 'accepted while a broker was away', value: accepted.length, unit: 'count', least: 1 });
      const times = people
        .flatMap(({ tries }) => tries.filter(({ answer, to }) => answer === 'accepted' && to !== null && to >= gone).map(({ to }) => to ?? 0))
        .sort((a, b) => a - b);
      const stall = Math.max(...times.map((at, index) => at - (times[index - 1] ?? gone)));
      figure({ name: 'longest time in which nothing was accepted', value: Math.round(stall), unit: 'ms', most: STALL_MS });
      await broker.start();
      // Until it is in sync again the next one's death would leave one of three: less than the topics want.
      await sleep(AWAY_MS);
    }
  },
};
