// Where a test of faults lets this process die as by kill -9, in the middle of a batch. The point's name is read from a file at each place,
// and the file is removed first, so that it happens once. In production there is no such file: the setting is refused.
import { readFileSync, rmSync } from 'node:fs';
import type { Clock, EventLog, Feed } from '@parley/ports';
import { TOPICS } from '@parley/protocol';
import type { Store } from './store/store.ts';

export const CRASH_POINTS = [
  'before-commit',
  'during-commit',
  'after-commit',
  'before-publish',
  'after-publish',
  'before-relay',
  'after-relay',
  'before-save',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Dies when this point is the one that the file names. */
export type Crash = (point: CrashPoint) => void;

/** `file`: holds a point's name, when somebody wants it. `die` must not return. */
export function createCrash(file: string, die: () => void): Crash {
  return (point) => {
    let wanted = '';
    try {
      wanted = readFileSync(file, 'utf8').trim();
    } catch {
      // Nobody wants anything.
    }
    if (wanted !== point) return;
    rmSync(file, { force: true });
    die();
  };
}

/** `during-commit`: the statement is with the database, and whether it was done is not known to anybody. */
const crashingStore = (store: Store, crash: Crash, clock: Clock): Store => ({
  ...store,
  commit: async (write) => {
    crash('before-commit');
    const committing = store.commit(write);
    clock.after(0, () => crash('during-commit'));
    const outcome = await committing;
    crash('after-commit');
    return outcome;
  },
  advance: async (topic, positions) => {
    crash('before-save');
    await store.advance(topic, positions);
  },
});

const crashingFeed = (feed: Feed, crash: Crash): Feed => ({
  publish: async (messages) => {
    crash('before-publish');
    await feed.publish(messages);
    crash('after-publish');
  },
  subscribe: (channel, listener, lost) => feed.subscribe(channel, listener, lost),
  since: (channel, after) => feed.since(channel, after),
});

const crashingLog = (log: EventLog, crash: Crash): EventLog => ({
  append: async (topic, entries) => {
    const isRelay = topic === TOPICS.roomEvent;
    if (isRelay) crash('before-relay');
    await log.append(topic, entries);
    if (isRelay) crash('after-relay');
  },
  consume: (topic, consumer) => log.consume(topic, consumer),
  ends: (topic) => log.ends(topic),
});

/** What messages works with, dying where it is told to; as it is without `crash`. */
export const crashing = (crash: Crash | undefined, { store, log, feed, clock }: { store: Store; log: EventLog; feed: Feed; clock: Clock }) =>
  crash === undefined ? { store, log, feed } : { store: crashingStore(store, crash, clock), log: crashingLog(log, crash), feed: crashingFeed(feed, crash) };
