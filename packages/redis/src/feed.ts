// The feed on Redis: sharded pub/sub, with a short tail per channel beside it. It may lose anything and keeps nothing that is needed:
// whoever may have missed something is told so, also when Redis was emptied under connections that stayed.
import type { Feed, FeedPublish, Rng } from '@parley/ports';
import { createBootKey } from './boot-key.ts';
import { PUBLISH, SINCE } from './feed-scripts.ts';
import { Link, RedisAway, type RedisOptions } from './link.ts';
import { type Subscriber, Subscriptions } from './subscriptions.ts';

export interface RedisFeedOptions extends RedisOptions {
  readonly rng: Rng;
  /** Of one channel's tail, as JSON. Default 1 MiB. */
  readonly maxTailBytes?: number;
  /** Default 2 minutes. */
  readonly maxTailAgeMs?: number;
}

export interface RedisFeed extends Feed {
  /** What is wrong now, in words. */
  problems(): readonly string[];
  close(): Promise<void>;
}

/** Messages in one script: Redis does nothing else while it runs. */
const BATCH = 500;
/** Calls of publish not yet answered; more are refused. */
const IN_FLIGHT_MAX = 1_000;

/** Never throws because Redis is away: publish rejects with RedisAway within 2 s, subscribe resolves and tells `lost` later. */
export function createRedisFeed(options: RedisFeedOptions): RedisFeed {
  const { url, keyPrefix = 'parley:', clock, rng, logger, maxTailBytes = 1024 * 1024, maxTailAgeMs = 120_000 } = options;
  const prefix = `${keyPrefix}feed:`;
  const subscriptions = new Subscriptions({ url, prefix, name: 'feed-sub', clock, logger });
  const boot = createBootKey(`${keyPrefix}boot`, rng, () => {
    logger.warn({}, 'Redis was emptied: messages may have been missed');
    subscriptions.lostAll();
  });
  const link = new Link({ url, name: 'feed', clock, logger, probe: () => boot.check(link), onReady: () => void boot.check(link).catch(() => undefined) });
  const tailOf = (channel: string): string => `${prefix}tail:${channel}`;
  let inFlight = 0;

  const publishSlice = (messages: readonly FeedPublish[]): Promise<unknown> => {
    const args: (string | number)[] = [maxTailBytes, maxTailAgeMs];
    for (const { channel, payload, tail } of messages) args.push(prefix + channel, JSON.stringify(payload), tail?.from ?? '', tail?.to ?? '');
    return link.run(
      'publish',
      PUBLISH,
      messages.map(({ channel }) => tailOf(channel)),
      args,
    );
  };

  return {
    publish: async (messages) => {
      if (messages.length === 0) return;
      if (inFlight >= IN_FLIGHT_MAX) throw new RedisAway('too much is waiting for it');
      inFlight += 1;
      try {
        // Written one after the other before any answer: one round trip, however many.
        const slices: Promise<unknown>[] = [];
        for (let i = 0; i < messages.length; i += BATCH) slices.push(publishSlice(messages.slice(i, i + BATCH)));
        await Promise.all(slices);
      } finally {
        inFlight -= 1;
      }
    },
    subscribe: async (channel, listener, lost) => {
      const subscriber: Subscriber = { listener: (payload) => listener({ channel, payload }), lost };
      await subscriptions.add(channel, subscriber);
      return { unsubscribe: async () => subscriptions.remove(channel, subscriber) };
    },
    since: async (channel, after) => {
      const found = (await link.run('since', SINCE, [tailOf(channel)], [after, maxTailAgeMs])) as string[] | null;
      return found === null ? null : found.reverse().map((text) => JSON.parse(text) as unknown);
    },
    problems: () => [...link.problems(), ...subscriptions.problems()].slice(0, 1),
    close: async () => {
      subscriptions.close();
      link.close();
    },
  };
}
