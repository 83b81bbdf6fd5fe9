// A process that subscribes many rooms of the feed and says what arrived when. Arguments: url, key prefix, rooms.
import { systemClock, systemRng } from '@parley/ports';
import { createRedisFeed } from '@parley/redis';

const [url = '', keyPrefix = '', rooms = '0'] = process.argv.slice(2);
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const feed = createRedisFeed({ url, keyPrefix, clock: systemClock, rng: systemRng, logger });
let latencies: number[] = [];
let cpu = process.cpuUsage();
const listener = ({ payload }: { payload: unknown }): void => {
  latencies.push(performance.timeOrigin + performance.now() - (payload as { at: number }).at);
};
await Promise.all(Array.from({ length: Number(rooms) }, (_, n) => feed.subscribe(`room:${n}`, listener, nothing)));
process.on('message', (asked) => {
  const { user, system } = process.cpuUsage(cpu);
  if (asked === 'report') process.send?.({ latencies, cpuUs: user + system });
  latencies = [];
  cpu = process.cpuUsage();
});
process.send?.('ready');
