// A Feed that counts how long it takes to be told.
import type { Clock, Feed } from '@parley/ports';
import type { Metrics } from '../metrics.ts';

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function measureFeed<F extends Feed>(feed: F, metrics: Metrics, clock: Clock): F {
  const seconds = metrics.histogram('parley_feed_publish_seconds', 'Time until the feed has taken messages, or refused them.', BUCKETS_S, ['outcome']);
  return {
    ...feed,
    async publish(messages) {
      const began = clock.monotonic();
      const observe = (outcome: string): void => seconds.observe({ outcome }, (clock.monotonic() - began) / 1_000);
      await feed.publish(messages).then(
        () => observe('taken'),
        (error: unknown) => {
          observe('failed');
          throw error;
        },
      );
    },
  };
}
