// A gateway as a process of its own: the primary, which holds no socket and no engine. Its workers run worker.ts.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createLogger, createMetrics } from '@parley/runtime';
import { runPrimary } from './cluster/primary.ts';
import { configFromEnv } from './config.ts';

const config = configFromEnv();
await runPrimary({
  exec: fileURLToPath(new URL('./worker.ts', import.meta.url)),
  workers: config.GATEWAY_WORKERS || availableParallelism(),
  host: config.HOST,
  port: config.PORT,
  adminHost: config.ADMIN_HOST,
  adminPort: config.ADMIN_PORT,
  metricsToken: config.METRICS_TOKEN,
  graceMs: config.GRACE_MS,
  clock,
  rng,
  logger: createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_FORMAT === 'pretty' }),
  metrics: createMetrics(),
});
