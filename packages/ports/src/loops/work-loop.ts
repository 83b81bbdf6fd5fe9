// How jobs are handed out: as many at once as allowed, each with its time, then done, again or parked. The same for every adapter that keeps
// jobs in a table. A handler that hangs holds its place only until the job's time is over.
import type { Clock, Timer } from '../clock.ts';
import type { JobAttempt, Working, WorkOptions } from '../work-queue.ts';

/** What an adapter gives. Acts on an attempt that is no longer the current one do nothing. */
export interface JobSource {
  /** Takes due jobs for `visibilityMs`; parks those that used up their tries without an answer. */
  claim(limit: number, visibilityMs: number, tries: number): Promise<readonly JobAttempt[]>;
  done(job: JobAttempt): Promise<void>;
  again(job: JobAttempt, waitMs: number): Promise<void>;
  park(job: JobAttempt, reason: string): Promise<void>;
  /** Ms until a job is due; null: there is none. */
  nextInMs(): Promise<number | null>;
  /** Calls back when there may be something to claim. */
  onWake(wake: () => void): Timer;
}

const DEFAULTS = { concurrency: 8, tries: 5, visibilityMs: 30_000 };
const LONGEST_WAIT_MS = 60_000;
const SOURCE_BACKOFF_MS = 500;

/** The default wait before try n + 1: 1 s, doubled each time, at most 60 s. */
export const jobBackoffMs = (attempt: number): number => Math.min(60_000, 1_000 * 2 ** (attempt - 1));

export async function runJobs(source: JobSource, handle: (job: JobAttempt) => Promise<void>, options: WorkOptions, clock: Clock): Promise<Working> {
  const { concurrency, tries, visibilityMs } = { ...DEFAULTS, ...options };
  const backoffMs = options.backoffMs ?? jobBackoffMs;
  const inHand = new Set<Promise<void>>();
  let stopped = false;
  let woken = false;
  let wake: () => void = () => undefined;
  const notice = (): void => {
    woken = true;
    wake();
  };
  const subscription = source.onWake(notice);

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (woken) return resolve();
      const timer = clock.after(ms, resolve);
      wake = () => {
        timer.cancel();
        resolve();
      };
    });
  const settle = async (job: JobAttempt): Promise<void> => {
    try {
      await handle(job);
    } catch (error) {
      if (job.attempt >= tries) return source.park(job, error instanceof Error ? error.message : String(error));
      return source.again(job, backoffMs(job.attempt));
    }
    return source.done(job);
  };
  const take = (job: JobAttempt): void => {
    const place = withinTime(settle(job), visibilityMs, clock).finally(() => {
      inHand.delete(place);
      notice();
    });
    inHand.add(place);
  };
  const round = async (): Promise<number> => {
    if (inHand.size < concurrency) for (const job of await source.claim(concurrency - inHand.size, visibilityMs, tries)) take(job);
    return inHand.size >= concurrency ? LONGEST_WAIT_MS : ((await source.nextInMs()) ?? LONGEST_WAIT_MS);
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      // A store that is away: the jobs are safe there, ask again.
      const waitMs = await round().catch(() => SOURCE_BACKOFF_MS);
      if (!stopped) await wait(Math.min(waitMs, LONGEST_WAIT_MS));
    }
  };
  const running = loop();
  const stop = async (): Promise<void> => {
    stopped = true;
    notice();
    subscription.cancel();
    await running;
    await Promise.all(inHand);
  };
  return { stop };
}

/** Resolves when the work is over or its time is. Never rejects: a lost answer lets the job come back. */
function withinTime(work: Promise<void>, ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    const over = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(over, over);
  });
}
