// Jobs that must be done at least once. Embedded: a Postgres table (SKIP LOCKED). Cluster: RabbitMQ.

export interface Job {
  /** `noun.verb`. */
  readonly queue: string;
  /** The same id enqueued twice while the job is not finished is one job. */
  readonly id: string;
  readonly payload: unknown;
}

export interface JobAttempt extends Job {
  /** 1 for the first try. */
  readonly attempt: number;
}

export interface WorkOptions {
  /** Jobs in hand at once. Default 8. */
  readonly concurrency?: number;
  /** Tries before the job is parked with its reason. Default 5. */
  readonly tries?: number;
  /** A job not finished in this time comes back, whatever died. Default 30,000. */
  readonly visibilityMs?: number;
  /** Wait before try n + 1. Default exponential from 1 s to 60 s. */
  readonly backoffMs?: (attempt: number) => number;
}

export interface ParkedJob extends JobAttempt {
  readonly reason: string;
}

export interface WorkQueue {
  /** Durable when it resolves. */
  enqueue(jobs: readonly Job[]): Promise<void>;
  /** Hands jobs to `handle` until stopped. Resolved = done; thrown = tried again later, parked after the last try. */
  work(queue: string, handle: (job: JobAttempt) => Promise<void>, options?: WorkOptions): Promise<Working>;
  /** Parked jobs, oldest first. */
  parked(queue: string, limit: number): Promise<readonly ParkedJob[]>;
  /** Puts parked jobs back with their tries counted from none. Answers how many. */
  retry(queue: string, ids: readonly string[]): Promise<number>;
}

export interface Working {
  /** Resolves when the jobs in hand are finished. */
  stop(): Promise<void>;
}
