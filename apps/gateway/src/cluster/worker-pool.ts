// Keeps a number of workers alive: one that dies comes back after a growing pause and is counted, one that is deaf is ended, and a roll
// replaces them one by one so that the others serve meanwhile. It must never end a worker that serves before its successor does.
import type { Clock, Rng } from '@parley/ports';
import type { Logger } from '@parley/runtime';
import { type Forked, linkWorker, type WorkerLink, type WorkerStatus } from './worker-link.ts';

export interface WorkerPoolDeps {
  /** A new worker process in this slot (1, 2, …). */
  readonly fork: (slot: number) => Forked;
  readonly workers: number;
  /** How long one worker's drain may take before it is ended. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly onCrash: () => void;
}

export interface WorkerView {
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerLink['state'];
  readonly upMs: number;
  readonly crashes: number;
  readonly status: WorkerStatus | null;
}

export interface WorkerPool {
  start(): void;
  /** Does any worker serve, and is the pool to stay? */
  readonly serving: boolean;
  /** Resolves when every slot has served once. */
  readonly allReady: Promise<void>;
  /** Replaces every worker, one after the other. Stops at a successor that does not get ready: the old one stays. */
  roll(): Promise<void>;
  /** Drains all at once; resolves when all are gone, after `graceMs` by force. */
  drain(): Promise<void>;
  /** Ends all, now. */
  kill(): void;
  readonly crashes: number;
  views(): readonly WorkerView[];
  /** Those alive now. */
  links(): readonly WorkerLink[];
}

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 10_000;
/** Who lived this long had a good start: the next pause begins small again. */
const STABLE_MS = 30_000;
const READY_MS = 60_000;
const LOOK_MS = 2_000;
/** A worker whose event loop stood still for so many looks serves nobody: its sockets do better elsewhere. */
const DEAF_LOOKS = 8;

interface Slot {
  readonly number: number;
  link: WorkerLink | null;
  crashes: number;
  /** Crashes in a row without a good life between. */
  failures: number;
}

export function createWorkerPool(deps: WorkerPoolDeps): WorkerPool {
  const { clock, logger } = deps;
  const slots = Array.from({ length: deps.workers }, (_, index): Slot => ({ number: index + 1, link: null, crashes: 0, failures: 0 }));
  const alive = new Map<WorkerLink, Slot>();
  const served = new Set<number>();
  const allReady = Promise.withResolvers<void>();
  let stopping = false;
  let rolling: Promise<void> = Promise.resolve();

  const fork = (slot: Slot): WorkerLink => {
    const link = linkWorker(deps.fork(slot.number), clock);
    alive.set(link, slot);
    void link.exited.then(() => alive.delete(link));
    void link.ready.then((serves) => {
      if (!serves) return;
      served.add(slot.number);
      if (served.size === slots.length) allReady.resolve();
    });
    return link;
  };

  /** This worker is the slot's from now on: its end is a crash. */
  const seat = (slot: Slot, link: WorkerLink): void => {
    slot.link = link;
    void link.exited.then(({ code, signal }) => {
      if (slot.link !== link) return;
      slot.link = null;
      if (stopping) return;
      const lived = clock.monotonic() - link.since;
      if (lived >= STABLE_MS) slot.failures = 0;
      const pause = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** slot.failures) * (0.5 + deps.rng.random() / 2);
      // Somebody asked it to end, and only it: no crash.
      if (code !== 0) {
        slot.crashes += 1;
        slot.failures += 1;
        deps.onCrash();
      }
      logger.error({ worker: slot.number, pid: link.pid, code, signal, crashes: slot.crashes, pauseMs: Math.round(pause) }, 'a worker ended; it comes back');
      clock.after(pause, () => {
        if (!stopping && slot.link === null) seat(slot, fork(slot));
      });
    });
  };

  const within = (ms: number, promise: Promise<unknown>): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = clock.after(ms, () => resolve(false));
      void promise.then((value) => {
        timer.cancel();
        resolve(value !== false);
      });
    });

  /** true: the slot's worker is a new one. */
  const replace = async (slot: Slot): Promise<boolean> => {
    const old = slot.link;
    const next = fork(slot);
    if (!(await within(READY_MS, next.ready))) {
      next.kill();
      logger.error({ worker: slot.number, pid: next.pid }, 'a new worker did not get ready: the old ones stay');
      return false;
    }
    if (stopping) return false;
    // One that came back by itself meanwhile was seated; it goes with the old one.
    const seated = slot.link;
    seat(slot, next);
    for (const gone of new Set([old, seated])) {
      if (gone === null) continue;
      gone.drain();
      if (!(await within(deps.graceMs, gone.exited))) gone.kill();
      await gone.exited;
    }
    return true;
  };

  const rollAll = async (): Promise<void> => {
    logger.info({ workers: slots.length }, 'replacing the workers, one after the other');
    for (const slot of slots) if (stopping || !(await replace(slot))) return;
    logger.info('all workers are new');
  };

  const look = clock.every(LOOK_MS, () => {
    for (const link of alive.keys()) {
      if (link.state !== 'ready') continue;
      void link.ask('status').then(() => {
        if (link.deaf < DEAF_LOOKS || link.state !== 'ready') return;
        logger.error({ pid: link.pid }, 'a worker does not answer: it is ended');
        link.kill();
      });
    }
  });

  return {
    start() {
      for (const slot of slots) seat(slot, fork(slot));
    },
    get serving() {
      return !stopping && [...alive.keys()].some((link) => link.state === 'ready');
    },
    allReady: allReady.promise,
    roll() {
      rolling = rolling.then(rollAll);
      return rolling;
    },
    async drain() {
      stopping = true;
      look.cancel();
      for (const link of alive.keys()) link.drain();
      if (!(await within(deps.graceMs, Promise.all([...alive.keys()].map((link) => link.exited))))) {
        logger.error({ left: [...alive.keys()].map((link) => link.pid) }, 'draining took too long: the rest is ended');
        for (const link of alive.keys()) link.kill();
      }
    },
    kill() {
      stopping = true;
      look.cancel();
      for (const link of alive.keys()) link.kill();
    },
    get crashes() {
      return slots.reduce((sum, slot) => sum + slot.crashes, 0);
    },
    views: () =>
      [...alive].map(([link, slot]) => ({
        slot: slot.number,
        pid: link.pid,
        state: link.state,
        upMs: Math.round(clock.monotonic() - link.since),
        crashes: slot.crashes,
        status: link.status,
      })),
    links: () => [...alive.keys()],
  };
}
