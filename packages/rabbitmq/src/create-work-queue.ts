// The WorkQueue on RabbitMQ: two connections, since a broker short of memory stops reading from those that publish, and jobs must still be
// finished then. It never looks into a payload and never fails to start: what is away comes back, and problems() says so meanwhile.
import type { Clock, Rng, Working, WorkQueue } from '@parley/ports';
import type { ChannelModel } from 'amqplib';
import { encodeJob } from './job-message.ts';
import { end, keepConnected } from './link.ts';
import type { AdapterLogger } from './logger.ts';
import { createParkedJobs } from './parked-jobs.ts';
import { createPublisher } from './publisher.ts';
import { namesWith } from './topology.ts';
import { createWorker, type Worker } from './worker.ts';

export interface RabbitWorkQueueOptions {
  /** `amqp://` or `amqps://`. RabbitMQ 3.10 or later. */
  readonly url: string;
  /** Before the names of all queues. Default `parley.`. */
  readonly prefix?: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger?: AdapterLogger;
}

export interface RabbitWorkQueue extends WorkQueue {
  /** What a person should know now, in words; empty when all is well. */
  problems(): readonly string[];
  /** Jobs that wait, and that were given up, by queue. Rejects while RabbitMQ is away. */
  depths(queues: readonly string[]): Promise<readonly { readonly queue: string; readonly waiting: number; readonly parked: number }[]>;
  /** Stops workers after the jobs in hand and lets go of the connections. Idempotent. */
  close(): Promise<void>;
}

export function createRabbitWorkQueue({ url, prefix = 'parley.', clock, rng, logger }: RabbitWorkQueueOptions): RabbitWorkQueue {
  const names = namesWith(prefix);
  const publisher = createPublisher(names, clock);
  const workers = new Set<Worker>();
  let model: ChannelModel | null = null;
  const shared = { url, clock, rng, logger };
  const putting = keepConnected({ ...shared, name: 'parley jobs out', setup: publisher.open, lost: publisher.lost, blocked: publisher.blocked });
  const taking = keepConnected({
    ...shared,
    name: 'parley jobs in',
    setup: async (opened) => {
      model = opened;
      await Promise.all([...workers].map((worker) => worker.open(opened)));
    },
    lost: () => {
      model = null;
    },
    blocked: () => undefined,
  });
  const parked = createParkedJobs(() => model, names, publisher, clock);

  return {
    enqueue: async (jobs) => {
      await publisher.publish(jobs.map((job) => ({ queue: job.queue, to: 'queue', body: encodeJob(job), headers: { attempts: 0 } })));
    },
    work: async (queue, handle, options = {}): Promise<Working> => {
      const worker = createWorker(queue, handle, options, { names, publisher, clock, logger });
      workers.add(worker);
      // Not connected, or lost on the way: the next connect opens it.
      const opened = model;
      if (opened !== null) await worker.open(opened).catch((error: Error) => end(opened, error.message));
      const stop = async (): Promise<void> => {
        await worker.stop();
        workers.delete(worker);
      };
      return { stop };
    },
    parked: parked.list,
    retry: parked.retry,
    depths: parked.depths,
    problems: () => [...new Set([putting.problem(), taking.problem()].filter((problem) => problem !== null))],
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.stop()));
      workers.clear();
      await Promise.all([putting.close(), taking.close()]);
    },
  };
}
