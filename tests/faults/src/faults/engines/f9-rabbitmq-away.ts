// F9: RabbitMQ killed and started again. Chat goes on as before; who is away is notified later, of every mention, once.
import { createParley } from '@parley/sdk';
import type { Fault } from '../../fault.ts';
import { delaysIn, percentile } from '../../measure/spans.ts';
import { sleep, until } from '../../sleep.ts';

const AWAY_MS = { least: 4_000, most: 6_000 } as const;
const LONG_MS = { least: 20_000, most: 60_000 } as const;
const MENTIONS = 4;
const NOTIFIED_MS = 30_000;
/** I16, what healthy chat keeps; here it must keep it while the queue is away. */
const CHAT_P99_MS = 1_000;

export const rabbitmqAway: Fault = {
  id: 'F9',
  name: 'RabbitMQ killed and started again',
  async run({ stage, cluster, engines: { rabbitmq }, load, random, long, step, figure, check }) {
    const { least, most } = long ? LONG_MS : AWAY_MS;
    const ms = random.between(least, most);
    const people = [load.owner, ...load.people];
    // Somebody who never connects: away.
    const handle = `away-${random.between(0, 0xffffffff).toString(36)}`;
    const absent = createParley({ url: cluster.url, loadKey: stage.loadKey });
    try {
      const { user } = await absent.register({ handle, password: `${handle} has a password` });
      await absent.notifications.subscribe(stage.pushes.device(handle), 'phone');
      const { room } = await load.owner.parley.createRoom({ kind: 'group', name: handle, members: [user.id] });
      const mention = (n: number): Promise<unknown> => load.owner.parley.room(room).send(`@${handle} ${n}`);
      await mention(0);
      step(`RabbitMQ killed for ${ms} ms`);
      await rabbitmq.kill();
      const gone = performance.now();
      for (let n = 1; n <= MENTIONS; n++) await mention(n);
      await sleep(Math.max(0, gone + ms - performance.now()));
      figure({ name: 'send to seen p99 while it was away', value: percentile(delaysIn(people, gone, performance.now()), 0.99), unit: 'ms', most: CHAT_P99_MS });
      await rabbitmq.start();
      const back = performance.now();
      await mention(MENTIONS + 1);
      const topics = (): number => new Set(stage.pushes.shownOn(handle)).size;
      const all = await until(() => topics() >= MENTIONS + 2, NOTIFIED_MS);
      figure({ name: 'notified of all after its return', value: Math.round(performance.now() - back), unit: 'ms', most: NOTIFIED_MS });
      figure({ name: 'mentions shown', value: topics(), unit: 'count', least: MENTIONS + 2, most: MENTIONS + 2 });
      figure({ name: 'pushes sent (one topic shows once)', value: stage.pushes.shownOn(handle).length, unit: 'count' });
      check(all !== null, 'mentions were missed');
    } finally {
      await absent.close();
    }
  },
};
