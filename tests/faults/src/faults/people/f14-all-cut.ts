// F14: every socket of everybody is cut at once, again and again.
import type { Fault } from '../../fault.ts';
import { firstAbsences, percentile } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';

const TIMES = 3;
const LONG_TIMES = 20;
const BACK_MS = 30_000;

export const allCut: Fault = {
  id: 'F14',
  name: 'all sockets cut at once, again and again',
  async run({ load, random, long, step, figure, check }) {
    const people = [load.owner, ...load.people];
    const since = performance.now();
    const back: number[] = [];
    for (let time = 0; time < (long ? LONG_TIMES : TIMES); time++) {
      const count = load.network.cutAll();
      step(`${count} sockets cut`);
      check(count > 0, 'there was nothing to cut');
      await until(() => people.some(({ parley }) => parley.state.status !== 'online'), 2_000);
      const ms = await until(() => people.every(({ parley }) => parley.state.status === 'online'), BACK_MS);
      back.push(ms ?? BACK_MS + 1);
      await sleep(random.between(200, 1_000));
    }
    figure({ name: 'everybody back, max', value: Math.max(...back), unit: 'ms', most: BACK_MS });
    figure({ name: 'first time away p99', value: percentile(firstAbsences(people, since), 0.99), unit: 'ms', most: 3_000 });
  },
};
