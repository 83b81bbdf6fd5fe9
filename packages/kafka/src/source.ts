// One consumer's view of a topic for the shared consume loop: what it holds by its place in the group (all of it without one), what its reader
// has read ahead, when to look again.
import { type Assignment, type Clock, type LogEnds, type LogRecord, type LogSource, OffsetOutOfRange } from '@parley/ports';
import type { Held, Membership, Reader } from './client.ts';
import { TopicGone } from './wire/cluster.ts';

export interface KafkaSource extends LogSource {
  /** Resolves when the group has given it its part, which may be nothing. */
  readonly joined: Promise<void>;
}

export interface SourceEvents {
  /** Records came, or the reader knows that it cannot go on. */
  readonly grew: () => void;
  /** The membership changed. */
  readonly moved: () => void;
  /** It is known that nobody can go on in this log. */
  readonly lost: (error: OffsetOutOfRange) => void;
}

export interface SourceParts {
  /** Null: without a group, all partitions. */
  readonly membership: Membership | null;
  readonly reader: Reader;
}

export interface SourceDeps {
  readonly topic: string;
  readonly open: (events: SourceEvents) => SourceParts;
  readonly ends: () => Promise<LogEnds>;
  readonly clock: Clock;
}

const COMMIT_EVERY_MS = 5_000;

export function createSource({ topic, open, ends, clock }: SourceDeps): KafkaSource {
  let released = false;
  let version = 0;
  let waiters: (() => void)[] = [];
  let logId: string | null = null;
  let fresh = true;
  let positions: ReadonlyMap<number, number> = new Map();
  let committed = clock.monotonic();

  const wake = (): void => {
    const waiting = waiters;
    waiters = [];
    for (const waiter of waiting) waiter();
  };
  const changed = (): Promise<void> => new Promise((resolve) => waiters.push(resolve));
  const joined = Promise.withResolvers<void>();
  const moved = (): void => {
    if (membership?.held() != null) joined.resolve();
    wake();
  };
  const grew = (): void => {
    version++;
    wake();
  };
  let failed: OffsetOutOfRange | null = null;
  const lost = (error: OffsetOutOfRange): void => {
    failed ??= error;
    joined.resolve();
    grew();
  };
  /** What cannot be gone on with ends the consumption, whatever it waits for. */
  const check = (): void => {
    if (failed !== null) throw failed;
  };
  const { membership, reader } = open({ grew, moved, lost });
  if (membership === null) joined.resolve();

  const overOf = (mine: Held | null) => (): boolean => released || (mine !== null && membership?.held()?.generation !== mine.generation);
  let over: () => boolean = () => released;

  const look = (): Promise<LogEnds> =>
    ends().catch((error: unknown) => {
      throw error instanceof TopicGone ? new OffsetOutOfRange(error.message) : error;
    });
  const assignment = async (): Promise<Assignment | null> => {
    fresh = true;
    logId = null;
    if (membership === null) {
      const { partitions } = await look();
      return released ? null : { partitions: partitions.map((one) => one.partition), over: () => released };
    }
    membership.ready();
    while (!released && failed === null && (membership.held()?.partitions.length ?? 0) === 0) await changed();
    check();
    const mine = membership.held();
    if (released || mine === null) return null;
    over = overOf(mine);
    return { partitions: mine.partitions, over };
  };
  const read = async (at: ReadonlyMap<number, number>, limit: number): Promise<readonly LogRecord[]> => {
    check();
    positions = at;
    if (fresh || !reader.isAt(at)) reader.begin(logId ?? '', at);
    fresh = false;
    if (membership !== null && clock.monotonic() - committed > COMMIT_EVERY_MS) {
      committed = clock.monotonic();
      membership.commit(at).catch(() => undefined);
    }
    return reader.take(limit);
  };

  return {
    assignment,
    read,
    release: () => {
      released = true;
      joined.resolve();
      wake();
    },
    leave: async () => {
      released = true;
      wake();
      await reader.close();
      if (positions.size > 0) await membership?.commit(positions).catch(() => undefined);
      await membership?.leave();
    },
    ends: async () => {
      const now = await look();
      if (logId !== null && logId !== now.logId) throw new OffsetOutOfRange(`${topic} is another log now: ${now.logId}, not ${logId}`);
      logId = now.logId;
      return now;
    },
    version: () => version,
    appended: async (seen) => {
      while (!over() && !released && version === seen) await changed();
    },
    joined: joined.promise,
  };
}
