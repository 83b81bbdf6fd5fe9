// A primary as a program of its own, with workers that need no engines: what the tests of the cluster kill, roll and drain.
import { fileURLToPath } from 'node:url';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createLogger, createMetrics } from '@parley/runtime';
import { runPrimary } from '../src/cluster/primary.ts';

const [workers = '2', graceMs = '10000'] = process.argv.slice(2);
await runPrimary({
  exec: fileURLToPath(new URL('./cluster-worker.ts', import.meta.url)),
  workers: Number(workers),
  host: '127.0.0.1',
  port: 0,
  adminHost: '127.0.0.1',
  adminPort: 0,
  graceMs: Number(graceMs),
  clock,
  rng,
  logger: createLogger({ level: 'info' }),
  metrics: createMetrics(),
});
