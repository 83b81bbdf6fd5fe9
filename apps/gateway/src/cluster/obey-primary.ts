// A worker's side of the cluster: tells the primary that it serves, answers its questions, drains when told, and drains shortly when the
// primary is gone. It knows nothing of sockets.
import cluster from 'node:cluster';
import type { Logger, Metrics } from '@parley/runtime';
import type { FromWorker, ToWorker, WorkerStatus } from './worker-link.ts';

export interface ObeyDeps {
  readonly status: () => WorkerStatus;
  readonly metrics: Metrics;
  /** Sends everybody away (over `goodbyeMs`, if given, instead of the configured time) and lets go of everything. */
  readonly stop: (goodbyeMs?: number) => Promise<void>;
  readonly logger: Logger;
}

/** Without a primary nobody restarts us, and nobody new finds us: our sockets are better off elsewhere, soon. */
const ORPHAN_MS = 1_000;

/** Call when the worker serves. */
export function obeyPrimary({ status, metrics, stop, logger }: ObeyDeps): void {
  const tell = (message: FromWorker): void => void process.send?.(message, undefined, undefined, () => {});
  let ending = false;
  const end = (goodbyeMs?: number): void => {
    if (ending) return;
    ending = true;
    stop(goodbyeMs).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('message', (message: ToWorker) => {
    if ('do' in message) return end();
    const value = message.ask === 'status' ? Promise.resolve(status()) : metrics.values();
    value.then(
      (answered) => tell({ answer: message.id, value: answered }),
      () => tell({ answer: message.id, value: null }),
    );
  });
  // An operator may end one worker; a terminal's ctrl-C is the primary's to hear.
  process.on('SIGTERM', () => end());
  process.on('SIGINT', () => {});
  cluster.worker?.on('disconnect', () => {
    logger.error('the primary is gone');
    // Node would end us right here.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
    end(ORPHAN_MS);
  });
  tell({ tell: 'ready' });
}
