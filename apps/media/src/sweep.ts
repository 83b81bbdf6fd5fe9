// What nobody asks for and yet must happen: uploads that never ended and files that nobody sent expire, bytes of what was given up are
// removed, thumbnails that got lost on the way to the queue are asked for again. Every step may be cut off and is done by the next sweep.
import type { Clock, EventLog, Timer, WorkQueue } from '@parley/ports';
import { TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { type Blobs, KEEP_MS } from './blobs/blobs.ts';
import type { FileStore } from './store/store.ts';
import type { RoomEventStore } from './store/store-room-events.ts';
import { THUMBNAIL_QUEUE } from './thumbnails.ts';

export interface SweepDeps {
  readonly store: FileStore;
  readonly roomEvents: RoomEventStore;
  readonly blobs: () => Blobs;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Sweep {
  start(): void;
  /** Sweeps once now, after one that is under way. Never rejects. */
  now(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

const EVERY_MS = 60_000;
const BATCH = 100;

export function createSweep({ store, roomEvents, blobs, log, queue, clock, logger }: SweepDeps): Sweep {
  let timer: Timer | null = null;
  let running: Promise<void> = Promise.resolve();
  let problem: string | null = null;
  let stopped = false;

  /** A file whose message waits in a backlog is nobody's only as far as has been read. */
  const hasReadAll = async (): Promise<boolean> => {
    const ends = await log.ends(TOPICS.roomEvent);
    const read = await roomEvents.positions(TOPICS.roomEvent);
    return ends.partitions.every(({ partition, next }) => read.some((at) => at.partition === partition && at.logId === ends.logId && at.next >= next));
  };
  const removeBytes = async (): Promise<void> => {
    for (;;) {
      const ids = await store.discarded(BATCH);
      for (const id of ids) await blobs().remove(id);
      await store.forget(ids);
      if (ids.length < BATCH) return;
    }
  };
  const sweep = async (): Promise<void> => {
    await store.expire(clock.now() - KEEP_MS, await hasReadAll());
    await removeBytes();
    const waiting = await store.waiting(clock.now() - EVERY_MS, BATCH);
    if (waiting.length > 0) await queue.enqueue(waiting.map((id) => ({ queue: THUMBNAIL_QUEUE, id, payload: { file: id } })));
  };
  const now = (): Promise<void> => {
    running = running.then(async () => {
      if (stopped) return;
      try {
        await sweep();
        problem = null;
      } catch (error) {
        if (problem === null) logger.warn({ err: error }, 'files could not be swept; will be tried again');
        problem = `files are not swept: ${error instanceof Error ? error.message : String(error)}`;
      }
    });
    return running;
  };
  return {
    start() {
      timer = clock.every(EVERY_MS, () => void now());
    },
    now,
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
    problem: () => problem,
  };
}
