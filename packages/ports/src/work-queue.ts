// Jobs that must be done at least once. Embedded: a Postgres table (SKIP LOCKED). Cluster: RabbitMQ.

export interface Job {
  /** `noun.verb`. */
  readonly queue: string;
  /**
   * What the handler knows the work by. A job may be handed out more than once, also because it was enqueued twice: a broker cannot know
   * that two messages mean one thing. So the handler keeps a row by this id before an effect that must happen once.
   */
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
  /** Durable when it resolves. Never hangs: what cannot be had in seconds rejects, and it is not known whether the jobs were taken. */
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

/** What a queue that is another process rejects with: the jobs may or may not be in it. Enqueue them again. */
export class WorkUnavailable extends Error {
  override readonly name = 'WorkUnavailable';
}
