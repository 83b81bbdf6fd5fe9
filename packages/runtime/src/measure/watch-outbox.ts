// How much is committed in a service's database and not carried on yet.
import type { Metrics } from '../metrics.ts';

/** `waiting` is asked whenever somebody looks. */
export const watchOutbox = (metrics: Metrics | undefined, service: string, waiting: () => Promise<number>): void =>
  metrics?.watch('parley_outbox_waiting', 'What is committed and waits in an outbox: for the log, or for the work queue.', ['service'], async () => [
    { value: await waiting(), labels: { service } },
  ]);
