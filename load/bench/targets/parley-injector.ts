// Stands for messages where there are several gateways: publishes each committed event on the real Redis feed. Its CPU is told beside, not counted.
import { systemClock, systemRng } from '@parley/ports';
import { createRedisFeed } from '@parley/redis';
import { takeMessages } from './inject.ts';
import { createCommitter } from './parley-room.ts';
import { readOptions, say } from './serve.ts';

export interface InjectorOptions {
  readonly redisUrl: string;
  readonly keyPrefix: string;
}

const { redisUrl = '', keyPrefix = '' } = readOptions<InjectorOptions>();
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const feed = createRedisFeed({ url: redisUrl, keyPrefix, clock: systemClock, rng: systemRng, logger });
const commit = createCommitter();
const injectPort = await takeMessages((message) => {
  feed.publish([commit(message)]).catch((error: unknown) => console.error(`injector: ${String(error)}`));
});
say({ port: injectPort, injectPort });
