// One worker of the real gateway, with its real protocol and sign-in, fed with committed events: by a memory feed from its own inject port, or by
// a real Redis feed that parley-injector.ts publishes on. The load client's token is a user's number; whoever signs that is no part of what is measured.

import { createGateway } from '@parley/gateway';
import { type Feed, systemClock, systemRng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed, createMemoryPresence } from '@parley/ports/memory';
import { type AccessClaims, TOPICS } from '@parley/protocol';
import { createRedisFeed } from '@parley/redis';
import { createLogger } from '@parley/runtime';
import { takeMessages } from './inject.ts';
import { createFedMessages } from './parley-messages.ts';
import { createCommitter, userOf } from './parley-room.ts';
import { listen, readOptions, say } from './serve.ts';

export interface GatewayTargetOptions {
  readonly rooms: number;
  /** With both, the feed is Redis'. */
  readonly redisUrl: string;
  readonly keyPrefix: string;
}

const { rooms = 1, redisUrl, keyPrefix = '' } = readOptions<GatewayTargetOptions>();
const clock = systemClock;
const logger = createLogger({ level: 'silent' });
const openFeed = (): Feed =>
  redisUrl === undefined ? createMemoryFeed({ clock }) : createRedisFeed({ url: redisUrl, keyPrefix, clock, rng: systemRng, logger });
const { feed, internal } = createFedMessages(openFeed(), rooms);
const gateway = createGateway({
  log: createMemoryEventLog({ topics: Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, { partitions: 1 }])), clock }),
  feed,
  presence: createMemoryPresence({ clock }),
  internal,
  verifier: {
    verify: async (token): Promise<AccessClaims> => {
      const user = userOf(Number(token));
      return { sub: user, sid: user, exp: 4_000_000_000, iat: 0, role: 'member', cls: 'load' };
    },
  },
  revocations: { isRevoked: () => false, onRevoked: () => () => {} },
  clock,
  rng: systemRng,
  logger,
  config: { origins: [], limits: { admission: { burst: 100_000, perSecond: 100_000 } } },
});
const { server, port } = await listen();
gateway.attach(server);
await gateway.start();
if (redisUrl !== undefined) say({ port });
else {
  const commit = createCommitter();
  say({ port, injectPort: await takeMessages((message) => void feed.publish([commit(message)])) });
}
