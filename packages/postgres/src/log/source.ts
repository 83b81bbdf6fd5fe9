// One consumer's view of a topic: which partitions it holds, how it reads them, when it looks again. Groups are held by claims, so that of two
// consumers of a group, in whatever processes, each partition is read by one.
import { type Assignment, type Clock, type LogEnds, type LogRecord, type LogSource, OffsetOutOfRange, type Timer } from '@parley/ports';
import type pg from 'pg';
import { RecentAppends } from './recent-appends.ts';
import type { LogSession } from './session.ts';
import { readEnds, readRecords, type Topic } from './topics.ts';

export interface PostgresLogSource extends LogSource {
  /** Something may have been appended by anybody. */
  notify(): void;
  /** These were appended by this process: durable, in the order of their offsets. */
  appendedHere(records: readonly LogRecord[]): void;
  /** The connection was made anew: is the log still the same? */
  recheck(): void;
}

export interface SourceDeps {
  readonly pool: pg.Pool;
  readonly session: LogSession;
  readonly clock: Clock;
  readonly topic: Topic;
  readonly group: string | null;
  readonly left: (source: PostgresLogSource) => void;
}

/** How soon a consumer that stands by takes over from one that died. */
const CLAIM_MS = 1_000;

export function createSource({ pool, session, clock, topic, group, left }: SourceDeps): PostgresLogSource {
  const all = Array.from({ length: topic.partitions }, (_, partition) => partition);
  const held = new Map<number, string>();
  let generation = 0;
  let released = false;
  let version = 0;
  const recent = new RecentAppends();
  let unsure = false;
  let waiters: (() => void)[] = [];
  let claimer: Timer | null = null;

  const wake = (): void => {
    const waiting = waiters;
    waiters = [];
    for (const waiter of waiting) waiter();
  };
  const changed = (): Promise<void> => new Promise((resolve) => waiters.push(resolve));
  const regenerate = (): void => {
    generation++;
    recent.doubt();
    wake();
  };
  const claimFree = async (): Promise<void> => {
    const before = held.size;
    for (const partition of all) {
      if (released || held.has(partition)) continue;
      const key = `${topic.logId}/${group}/${partition}`;
      const lost = (): void => {
        held.delete(partition);
        regenerate();
      };
      if (await session.claim(key, lost)) held.set(partition, key);
    }
    if (held.size > before) regenerate();
  };
  const assignment = async (): Promise<Assignment | null> => {
    // Who begins anew may name any position.
    recent.doubt();
    if (group === null) return released ? null : { partitions: all, over: () => released };
    claimer ??= clock.every(CLAIM_MS, () => held.size < all.length && void claimFree());
    if (held.size === 0) await claimFree();
    while (!released && held.size === 0) await changed();
    const mine = generation;
    return released ? null : { partitions: [...held.keys()].sort((a, b) => a - b), over: () => released || generation !== mine };
  };
  const release = (): void => {
    released = true;
    claimer?.cancel();
    wake();
  };
  const leave = async (): Promise<void> => {
    release();
    for (const key of held.values()) await session.release(key);
    held.clear();
    left(self);
  };
  const ends = async (): Promise<LogEnds> => readEnds(pool, topic);
  /** The database may have been put back or made anew while we were away: then our positions mean nothing. */
  const checkSame = async (): Promise<void> => {
    const { logId, partitions } = await ends();
    if (logId !== topic.logId || partitions.length === 0) throw new OffsetOutOfRange(`${topic.name} is another log now: ${logId}, not ${topic.logId}`);
    unsure = false;
  };

  const self: PostgresLogSource = {
    assignment,
    release,
    leave,
    ends,
    read: async (positions, limit) => {
      if (unsure) await checkSame();
      const known = recent.read(positions, limit);
      if (known !== null) return known;
      recent.asking();
      try {
        const records = await readRecords(pool, topic, positions, limit);
        if (records.length >= limit) recent.doubt();
        return records;
      } catch (error) {
        recent.doubt();
        throw error;
      }
    },
    version: () => version,
    appended: async (seen) => {
      const mine = generation;
      while (!released && generation === mine && version === seen) await changed();
    },
    notify: () => {
      recent.doubt();
      version++;
      wake();
    },
    appendedHere: (records) => {
      recent.add(records);
      version++;
      wake();
    },
    recheck: () => {
      unsure = true;
      recent.doubt();
      version++;
      wake();
      // The claims went with the old connection.
      if (claimer !== null && held.size < all.length) void claimFree();
    },
  };
  return self;
}
