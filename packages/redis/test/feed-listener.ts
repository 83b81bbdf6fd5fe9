// A process that tells its parent what it hears on a channel. Arguments: url, key prefix, channel.
import { createRedisFeed } from '../src/index.ts';
import { optionsOf } from './redis-world.ts';

const [url = '', keyPrefix = '', channel = ''] = process.argv.slice(2);
const feed = createRedisFeed(optionsOf(url, keyPrefix));
await feed.subscribe(
  channel,
  ({ payload }) => process.send?.(payload),
  () => undefined,
);
process.send?.('ready');
