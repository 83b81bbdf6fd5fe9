// F8: Postgres killed and started again. Sends are still accepted; what was said is seen after its return. A standby that takes over is no
// part of this: the binaries that Parley brings have no tool that makes one.
import type { Fault } from '../../fault.ts';
import { triesIn } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';

const AWAY_MS = { least: 5_000, most: 7_000 } as const;
const LONG_MS = { least: 20_000, most: 60_000 } as const;
const TOLD_MS = 5_000;
const CATCH_UP_MS = 30_000;

export const postgresAway: Fault = {
  id: 'F8',
  name: 'Postgres killed and started again',
  async run({ engines: { postgres }, load, random, long, step, figure, check }) {
    const people = [load.owner, ...load.people];
    const { least, most } = long ? LONG_MS : AWAY_MS;
    const ms = random.between(least, most);
    step(`Postgres killed for ${ms} ms`);
    await postgres.kill();
    const gone = performance.now();
    await sleep(ms);
    const back = performance.now();
    const tries = triesIn(people, gone, back - 1_000);
    await postgres.start();
    figure({ name: 'sends while it was away', value: tries.length, unit: 'count', least: 1 });
    figure({
      name: 'of them accepted',
      value: tries.filter(({ answer }) => answer === 'accepted').length / Math.max(1, tries.length),
      unit: 'ratio',
      least: 1,
    });
    figure({ name: 'accepted, max', value: Math.max(0, ...tries.map((one) => one.ms)), unit: 'ms', most: TOLD_MS });
    const caughtUp = await until(() => people.every(({ parley }) => parley.state.outbox.every(({ createdAt }) => createdAt > Date.now() - 2_000)), CATCH_UP_MS);
    figure({ name: 'all of it seen after its return', value: Math.round(performance.now() - back), unit: 'ms', most: CATCH_UP_MS });
    check(caughtUp !== null, 'commands of before still waited');
  },
};
