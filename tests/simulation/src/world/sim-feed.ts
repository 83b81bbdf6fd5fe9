// One process' connection to the feed: messages are lost, late and repeated, and cuts are told with `lost`, as the port allows.
import type { Clock, Feed } from '@parley/ports';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';

export interface FeedConnection extends Feed {
  /** The connection breaks: nothing comes for `ms`, then every subscriber hears `lost`. */
  cut(ms: number): void;
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function connectFeed(shared: Feed, life: Life, world: Clock, faults: Faults): FeedConnection {
  const losers = new Set<() => void>();
  let cutUntil = -1;

  return {
    publish: (messages) =>
      life.ask(async () => {
        await world.sleep(faults.between(1, 3));
        // Handed over in part: the publisher cannot know, and tells all of it again.
        if (faults.hits('publish')) {
          await shared.publish(messages.slice(0, faults.between(0, messages.length)));
          throw new Error('simulated: the feed did not confirm');
        }
        await shared.publish(messages);
      }),
    async subscribe(channel, listener, lost) {
      await life.ask(() => world.sleep(faults.between(1, 4)));
      let last = 0;
      const deliver = (message: Parameters<typeof listener>[0]): void => {
        last = Math.max(last, world.monotonic() + faults.between(1, 12));
        world.after(last - world.monotonic(), () => life.inside(() => (subscribed ? listener(copy(message)) : undefined)));
      };
      let subscribed = true;
      const subscription = await shared.subscribe(
        channel,
        (message) => {
          if (world.monotonic() < cutUntil || faults.hits('feedLost')) return;
          deliver(message);
          if (faults.hits('feedTwice')) deliver(message);
        },
        lost,
      );
      losers.add(lost);
      const end = async (): Promise<void> => {
        subscribed = false;
        losers.delete(lost);
        await subscription.unsubscribe();
      };
      life.onKill(() => void end());
      return { unsubscribe: () => life.ask(end) };
    },
    since: (channel, after) =>
      life.ask(async () => {
        await world.sleep(faults.between(1, 3));
        return copy(await shared.since(channel, after));
      }),
    cut(ms) {
      cutUntil = world.monotonic() + ms;
      world.after(ms, () => {
        for (const lost of [...losers]) life.inside(lost);
      });
    },
  };
}
