// Carries due jobs from the outbox into the work queue, at least once. While the queue is away they wait in the database.
import type { Clock, WorkQueue } from '@parley/ports';
import type { Logger } from '@parley/runtime';
import type { Outbox } from './store/outbox.ts';

export interface Relay {
  start(): void;
  /** Resolves after the batch in hand. */
  stop(): Promise<void>;
  /** There is something new. */
  wake(): void;
  problem(): string | null;
}

export interface RelayDeps {
  readonly outbox: Outbox;
  readonly queue: WorkQueue;
  /** Forgets what is over; called now and then. */
  readonly tidy: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 500;
/** A wake can be lost with the process that committed: look by yourself this often. */
const POLL_MS = 2_000;
/** A relay that died gives its jobs up after this. */
const HAND_MS = 30_000;
const BACK_OFF_MAX_MS = 5_000;
const TIDY_MS = 3_600_000;

export function createRelay({ outbox, queue, tidy, clock, logger }: RelayDeps): Relay {
  let problem: string | null = null;
  let stopped = false;
  let woken = false;
  let wake: () => void = () => undefined;
  let tidyAt = clock.monotonic() + TIDY_MS;
  let running: Promise<void> = Promise.resolve();

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (woken || stopped) return resolve();
      const timer = clock.after(ms, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });

  const hand = async (jobs: Awaited<ReturnType<Outbox['claim']>>): Promise<void> => {
    const rows = jobs.map((job) => job.row);
    try {
      await queue.enqueue(jobs.map(({ queue: name, id, payload }) => ({ queue: name, id, payload })));
    } catch (error) {
      // In our hand they would wait half a minute after the queue is back.
      await outbox.giveBack(rows).catch(() => undefined);
      throw error;
    }
    await outbox.drop(rows);
  };

  /** Answers how long there is nothing to do. */
  const relayOnce = async (): Promise<number> => {
    const now = clock.now();
    const jobs = await outbox.claim(now, now + HAND_MS, BATCH);
    if (jobs.length > 0) await hand(jobs);
    if (jobs.length === BATCH) return 0;
    if (clock.monotonic() >= tidyAt) {
      tidyAt = clock.monotonic() + TIDY_MS;
      await tidy();
    }
    const next = await outbox.nextDueMs();
    return next === null ? POLL_MS : Math.max(1, Math.min(POLL_MS, next - clock.now()));
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopped) {
      woken = false;
      try {
        const idleMs = await relayOnce();
        failures = 0;
        problem = null;
        if (idleMs > 0) await pause(idleMs);
      } catch (error) {
        failures++;
        problem = 'notifications do not reach the work queue';
        if (failures === 1) logger.warn({ err: error }, problem);
        woken = false;
        await pause(Math.min(BACK_OFF_MAX_MS, 50 * 2 ** failures));
      }
    }
  };

  return {
    start() {
      running = run();
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
    wake() {
      woken = true;
      wake();
    },
    problem: () => problem,
  };
}
