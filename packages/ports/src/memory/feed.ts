// The feed of the one process. Nothing to reconnect to, so it never loses; tails are bounded by bytes and age like everywhere.
import type { Clock } from '../clock.ts';
import type { Feed, FeedMessage, FeedPublish } from '../feed.ts';
import { createOrderedDelivery } from './ordered-delivery.ts';

export interface MemoryFeedOptions {
  readonly clock: Clock;
  /** Of one channel's tail, as JSON. Default 1 MiB. */
  readonly maxTailBytes?: number;
  /** Default 2 minutes. */
  readonly maxTailAgeMs?: number;
}

interface Kept {
  readonly from: number;
  readonly to: number;
  readonly payload: unknown;
  readonly bytes: number;
  readonly at: number;
}

interface Tail {
  kept: Kept[];
  bytes: number;
}

interface Subscriber {
  readonly listener: (message: FeedMessage) => void;
  readonly lost: () => void;
}

export function createMemoryFeed({ clock, maxTailBytes = 1024 * 1024, maxTailAgeMs = 120_000 }: MemoryFeedOptions): Feed {
  const subscribers = new Map<string, Set<Subscriber>>();
  /** In order of the last publish, so that what is too old is found at the front. */
  const tails = new Map<string, Tail>();
  const deliver = createOrderedDelivery();

  const dropOld = (): void => {
    const oldest = clock.monotonic() - maxTailAgeMs;
    for (const [channel, tail] of tails) {
      if (tail.kept.at(-1)!.at >= oldest) return;
      tails.delete(channel);
    }
  };
  const keep = (channel: string, payload: unknown, { from, to }: { from: number; to: number }): void => {
    const tail = tails.get(channel) ?? { kept: [], bytes: 0 };
    const kept = { from, to, payload, bytes: JSON.stringify(payload).length, at: clock.monotonic() };
    extend(tail, kept, maxTailBytes, kept.at - maxTailAgeMs);
    tails.delete(channel);
    if (tail.kept.length > 0) tails.set(channel, tail);
  };
  const hand = (message: FeedMessage): void => {
    for (const subscriber of [...(subscribers.get(message.channel) ?? [])]) {
      if (!subscribers.get(message.channel)?.has(subscriber)) continue;
      try {
        subscriber.listener(message);
      } catch {
        // To a listener that failed this message is lost; the publisher and the others must not suffer.
        subscriber.lost();
      }
    }
  };

  return {
    publish: async (messages: readonly FeedPublish[]) => {
      for (const { channel, payload, tail } of messages) {
        if (tail !== undefined) keep(channel, payload, tail);
        deliver(() => hand({ channel, payload }));
      }
      dropOld();
    },
    subscribe: async (channel, listener, lost) => {
      const subscriber = { listener, lost };
      const there = subscribers.get(channel) ?? new Set();
      subscribers.set(channel, there.add(subscriber));
      const unsubscribe = async (): Promise<void> => {
        there.delete(subscriber);
        if (there.size === 0 && subscribers.get(channel) === there) subscribers.delete(channel);
      };
      return { unsubscribe };
    },
    since: async (channel, after) => {
      dropOld();
      const oldest = clock.monotonic() - maxTailAgeMs;
      const kept = (tails.get(channel)?.kept ?? []).filter((one) => one.at >= oldest);
      const [first, last] = [kept[0], kept.at(-1)];
      if (first === undefined || last === undefined || first.from > after + 1 || last.to < after) return null;
      return kept.filter((one) => one.to > after).map((one) => one.payload);
    },
  };
}

/** A publisher repeats from its position: what comes again replaces. What does not continue the tail begins it anew. */
function extend(tail: Tail, next: Kept, maxBytes: number, oldest: number): void {
  while (tail.kept.length > 0 && tail.kept.at(-1)!.from >= next.from) tail.bytes -= tail.kept.pop()!.bytes;
  if (tail.kept.length > 0 && tail.kept.at(-1)!.to !== next.from - 1) {
    tail.kept = [];
    tail.bytes = 0;
  }
  tail.kept.push(next);
  tail.bytes += next.bytes;
  let drop = 0;
  while (drop < tail.kept.length && (tail.bytes > maxBytes || tail.kept[drop]!.at < oldest)) tail.bytes -= tail.kept[drop++]!.bytes;
  if (drop > 0) tail.kept.splice(0, drop);
}
