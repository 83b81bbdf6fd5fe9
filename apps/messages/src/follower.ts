// Follows the committed events of this worker's partitions and hands each one on, at least once and in order: the publisher and the relay
// are two of these. What is in hand is a shortcut; the event table is the truth that it goes back to at start and after any failure.
import type { Clock } from '@parley/ports';
import type { CommittedEvent } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Store } from './store/store.ts';

export interface FollowerDeps<X> {
  /** For logs and problems: what does not get through. */
  readonly name: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What comes sooner than this after the last was handed on waits and goes together, ms, unless somebody waits for it. Default: nothing rests. */
  readonly rest?: { readonly ms: number; readonly isUrgent: (committed: CommittedEvent) => boolean };
  /** Hands on. Throws: the same events again later, read from the store. */
  deliver(events: readonly CommittedEvent[], extras: readonly X[]): Promise<void>;
  /** What went with these events and is no longer in hand. */
  recall(events: readonly CommittedEvent[]): Promise<readonly X[]>;
}

export interface Follower<X> {
  /** Begin at `done`; everything up to `target` is handed on from the store first. Called at each (new) assignment. */
  takeOver(partitions: readonly { readonly partition: number; readonly done: number; readonly target: number }[]): void;
  /** `upTo`: pos of the touched partitions after these events. Never waits for the delivery. */
  push(events: readonly CommittedEvent[], extra: X, upTo: ReadonlyMap<number, number>): void;
  done(partition: number): number;
  /** Committed events that are not handed on yet. */
  untold(): number;
  problems(): readonly string[];
  /** Hands on what is left, with one try. */
  stop(): Promise<void>;
}

/** More than this in hand and the store takes over: memory must stay bounded while the far side is slow. */
const MAX_IN_HAND = 5_000;
const PAGE = 500;
const BACKOFF_MS = [100, 250, 500, 1_000, 2_000, 5_000] as const;

interface Item<X> {
  readonly events: readonly CommittedEvent[];
  readonly extra: X;
  readonly upTo: ReadonlyMap<number, number>;
}

export function createFollower<X>({ name, store, clock, logger, rest, deliver, recall }: FollowerDeps<X>): Follower<X> {
  let partitions = new Map<number, { done: number; target: number }>();
  let inHand: Item<X>[] = [];
  let eventsInHand = 0;
  let behind = false;
  let failures = 0;
  let stopping = false;
  let wake: () => void = () => {};
  let active = false;
  let lastAt = Number.NEGATIVE_INFINITY;
  let resting = false;
  let urgent = false;
  let running: Promise<void> = Promise.resolve();

  const letGo = (): void => {
    behind = true;
    inHand = [];
    eventsInHand = 0;
  };
  const kick = (): void => {
    if (active) return;
    active = true;
    running = run();
  };
  const moveTo = (upTo: ReadonlyMap<number, number>): void => {
    for (const [partition, pos] of upTo) {
      const place = partitions.get(partition);
      if (place) place.done = Math.max(place.done, pos);
    }
  };

  async function deliverInHand(): Promise<void> {
    const waitMs = rest === undefined || urgent || stopping ? 0 : lastAt + rest.ms - clock.monotonic();
    if (waitMs > 0) {
      resting = true;
      await pause(waitMs);
      resting = false;
      // A new assignment or too much in hand may have come meanwhile.
      if (behind) return;
    }
    urgent = false;
    const items = inHand;
    inHand = [];
    eventsInHand = 0;
    const mine = partitions;
    await deliver(
      items.length === 1 ? (items[0] as Item<X>).events : items.flatMap((item) => item.events),
      items.map((item) => item.extra),
    );
    // After a new assignment its own positions hold.
    if (mine === partitions) for (const item of items) moveTo(item.upTo);
    lastAt = clock.monotonic();
  }

  async function catchUp(): Promise<void> {
    for (const [partition, place] of partitions) {
      while (place.done < place.target) {
        const events = await store.committed(partition, place.done, place.target, PAGE);
        const last = events.at(-1);
        if (!last) throw new Error(`The events after ${place.done} of partition ${partition} are not in the store.`);
        await deliver(events, await recall(events));
        place.done = last.pos;
      }
    }
    behind = [...partitions.values()].some((place) => place.done < place.target);
  }

  async function run(): Promise<void> {
    while (behind || inHand.length > 0) {
      try {
        await (behind ? catchUp() : deliverInHand());
        if (failures > 0) logger.info({ what: name }, 'works again');
        failures = 0;
      } catch (error) {
        letGo();
        failures += 1;
        logger.warn({ err: error, what: name, failures }, 'could not be handed on; will be repeated from the store');
        if (stopping) break;
        await pause(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1] as number);
      }
    }
    // In the turn in which nothing more was found to do: no push can fall between.
    active = false;
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.after(ms, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  return {
    takeOver(places) {
      partitions = new Map(places.map(({ partition, done, target }) => [partition, { done, target }]));
      letGo();
      behind = places.some((place) => place.done < place.target);
      if (behind) kick();
    },
    push(events, extra, upTo) {
      for (const [partition, pos] of upTo) {
        const place = partitions.get(partition);
        if (place) place.target = Math.max(place.target, pos);
      }
      if (!behind && eventsInHand + events.length > MAX_IN_HAND) letGo();
      if (!behind) {
        inHand.push({ events, extra, upTo });
        eventsInHand += events.length;
        if (rest !== undefined && events.some(rest.isUrgent)) urgent = true;
      }
      if (resting && (urgent || behind)) wake();
      kick();
    },
    done: (partition) => partitions.get(partition)?.done ?? 0,
    untold: () => [...partitions.values()].reduce((sum, { done, target }) => sum + Math.max(0, target - done), 0),
    problems: () => (failures > 1 ? [`${name}: failed ${failures} times in a row; committed events wait and nothing is lost`] : []),
    async stop() {
      stopping = true;
      wake();
      await running;
    },
  };
}
