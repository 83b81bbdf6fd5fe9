// The primary: forks the workers that share the port, and turns signals into what they mean. It holds no socket and touches no engine,
// so that nothing that ails a worker ails it.
import cluster from 'node:cluster';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Clock, Rng } from '@parley/ports';
import type { Logger, Metrics } from '@parley/runtime';
import { createAdmin } from './admin.ts';
import type { Forked, FromWorker } from './worker-link.ts';
import { createWorkerPool, type WorkerPool } from './worker-pool.ts';

export interface PrimaryOptions {
  /** The worker's program. */
  readonly exec: string;
  readonly workers: number;
  readonly host: string;
  /** 0: a free one, the same for all workers and all their lives. */
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly metricsToken?: string | undefined;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A worker's drain ends by force this long before the primary's grace does. */
const LAST_MS = 1_000;

/** Runs until a signal ends the process. Resolves when all workers have served once. */
export async function runPrimary(options: PrimaryOptions): Promise<void> {
  const { logger, clock, rng, host, metrics } = options;
  const port = options.port === 0 ? await freePort(host) : options.port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const crashes = metrics.counter('parley_gateway_worker_crashes_total', 'Workers that ended by themselves.');
  cluster.setupPrimary({ exec: options.exec });
  const pool = createWorkerPool({
    fork: (slot) => forkWorker(slot, port),
    workers: options.workers,
    graceMs: Math.max(LAST_MS, options.graceMs - LAST_MS),
    clock,
    rng,
    logger,
    onCrash: () => crashes.inc(),
  });
  const admin = createAdmin({ pool, metrics, url, metricsToken: options.metricsToken });
  admin.listen(options.adminPort, options.adminHost);
  await once(admin, 'listening');
  obeySignals(pool, logger);
  pool.start();
  await pool.allReady;
  const adminUrl = `http://${options.adminHost}:${(admin.address() as AddressInfo).port}`;
  logger.info({ listening: { url, adminUrl, workers: options.workers } }, 'listening');
}

function obeySignals(pool: WorkerPool, logger: Logger): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) {
      pool.kill();
      process.exit(1);
    }
    stopping = true;
    logger.info('draining; once more to stop at once');
    void pool.drain().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => void pool.roll());
}

function forkWorker(slot: number, port: number): Forked {
  const worker = cluster.fork({ PARLEY_WORKER: String(slot), PORT: String(port) });
  return {
    pid: worker.process.pid ?? 0,
    // A worker that is just ending does not hear it; its exit tells the rest.
    send: (message) => void (worker.isConnected() && worker.send(message, () => {})),
    kill: (signal) => void worker.process.kill(signal),
    onMessage: (listener) => worker.on('message', (message: FromWorker) => listener(message)),
    onExit: (listener) => worker.on('exit', (code, signal) => listener({ code, signal })),
  };
}

async function freePort(host: string): Promise<number> {
  const server = net.createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
