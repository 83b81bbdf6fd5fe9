// A WorkQueue that counts: what goes in, how long jobs take and how they end, and how many wait or were given up.
import type { Clock, WorkQueue } from '@parley/ports';
import type { Metrics } from '../metrics.ts';

const BUCKETS_S = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How many jobs of a queue wait for a worker, and how many were given up; what an adapter can say beside its port. */
export interface QueueDepths {
  depths(queues: readonly string[]): Promise<readonly { readonly queue: string; readonly waiting: number; readonly parked: number }[]>;
}

export function measureQueue<Q extends WorkQueue & QueueDepths>(queue: Q, metrics: Metrics, clock: Clock): Q {
  const added = metrics.counter('parley_jobs_enqueued_total', 'Jobs that went into a queue.', ['queue']);
  const seconds = metrics.histogram('parley_job_seconds', 'Time of one try of a job.', BUCKETS_S, ['queue', 'outcome']);
  const worked = new Set<string>();
  const depths = () => (worked.size === 0 ? Promise.resolve([]) : queue.depths([...worked]));
  metrics.watch('parley_jobs_waiting', 'Jobs that are not in hand.', ['queue'], async () =>
    (await depths()).map(({ queue: name, waiting }) => ({ value: waiting, labels: { queue: name } })),
  );
  metrics.watch('parley_jobs_parked', 'Jobs that were given up after their last try: parley jobs list.', ['queue'], async () =>
    (await depths()).map(({ queue: name, parked }) => ({ value: parked, labels: { queue: name } })),
  );
  return {
    ...queue,
    async enqueue(jobs) {
      await queue.enqueue(jobs);
      for (const job of jobs) added.inc({ queue: job.queue });
    },
    work(name, handle, options) {
      worked.add(name);
      const measured: typeof handle = async (job) => {
        const began = clock.monotonic();
        const observe = (outcome: string): void => seconds.observe({ queue: name, outcome }, (clock.monotonic() - began) / 1_000);
        await handle(job).then(
          () => observe('done'),
          (error: unknown) => {
            observe('failed');
            throw error;
          },
        );
      };
      return queue.work(name, measured, options);
    },
  };
}
