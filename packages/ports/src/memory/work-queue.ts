// Jobs in this process' memory: for tests and simulation.
import type { Clock, Timer } from '../clock.ts';
import { runJobs } from '../loops/work-loop.ts';
import type { JobAttempt, ParkedJob, WorkQueue } from '../work-queue.ts';

export interface MemoryWorkQueueOptions {
  readonly clock: Clock;
}

interface Stored {
  readonly id: string;
  readonly payload: unknown;
  attempt: number;
  visibleAt: number;
  reason: string | null;
}

export function createMemoryWorkQueue({ clock }: MemoryWorkQueueOptions): WorkQueue {
  const queues = new Map<string, Map<string, Stored>>();
  const wakers = new Set<() => void>();
  const jobsOf = (queue: string): Map<string, Stored> => {
    const jobs = queues.get(queue) ?? new Map<string, Stored>();
    queues.set(queue, jobs);
    return jobs;
  };
  const wakeAll = (): void => {
    for (const wake of [...wakers]) wake();
  };
  const asAttempt = (queue: string, { id, payload, attempt }: Stored): JobAttempt => ({ queue, id, payload, attempt });

  return {
    enqueue: async (jobs) => {
      for (const { queue, id, payload } of jobs) {
        if (!jobsOf(queue).has(id)) jobsOf(queue).set(id, { id, payload, attempt: 0, visibleAt: clock.monotonic(), reason: null });
      }
      wakeAll();
    },
    work: async (queue, handle, options = {}) => {
      const current = (job: JobAttempt): Stored | undefined => {
        const stored = jobsOf(queue).get(job.id);
        return stored?.attempt === job.attempt && stored.reason === null ? stored : undefined;
      };
      const source = {
        claim: async (limit: number, visibilityMs: number, tries: number): Promise<readonly JobAttempt[]> => {
          const due = [...jobsOf(queue).values()].filter((job) => job.reason === null && job.visibleAt <= clock.monotonic());
          for (const job of due) if (job.attempt >= tries) job.reason = 'not finished in time';
          const taken = due.filter((job) => job.reason === null).slice(0, limit);
          for (const job of taken) {
            job.attempt++;
            job.visibleAt = clock.monotonic() + visibilityMs;
          }
          return taken.map((job) => asAttempt(queue, job));
        },
        done: async (job: JobAttempt) => {
          if (current(job) !== undefined) jobsOf(queue).delete(job.id);
        },
        again: async (job: JobAttempt, waitMs: number) => {
          const stored = current(job);
          if (stored !== undefined) stored.visibleAt = clock.monotonic() + waitMs;
        },
        park: async (job: JobAttempt, reason: string) => {
          const stored = current(job);
          if (stored !== undefined) stored.reason = reason;
        },
        nextInMs: async () => {
          const waiting = [...jobsOf(queue).values()].filter((job) => job.reason === null).map((job) => job.visibleAt - clock.monotonic());
          return waiting.length === 0 ? null : Math.max(0, Math.min(...waiting));
        },
        onWake: (wake: () => void): Timer => {
          wakers.add(wake);
          return { cancel: () => wakers.delete(wake) };
        },
      };
      return runJobs(source, handle, options, clock);
    },
    parked: async (queue, limit) =>
      [...jobsOf(queue).values()]
        .filter((job) => job.reason !== null)
        .slice(0, limit)
        .map((job): ParkedJob => ({ ...asAttempt(queue, job), reason: job.reason! })),
    retry: async (queue, ids) => {
      const parked = ids.map((id) => jobsOf(queue).get(id)).filter((job) => job !== undefined && job.reason !== null);
      for (const job of parked) Object.assign(job!, { attempt: 0, reason: null, visibleAt: clock.monotonic() });
      wakeAll();
      return parked.length;
    },
  };
}
