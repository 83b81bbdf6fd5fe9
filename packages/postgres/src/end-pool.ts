// Ends a pool and waits until the server has heard of it: the driver's own end() resolves before its connections are closed, and a
// server that is stopped right after would complain of each of them.
import type { Clock } from '@parley/ports';
import type pg from 'pg';

/** A server that does not answer must not hold up whoever goes. */
const PATIENCE_MS = 1_000;

/** Resolves when no connection of the pool is left, or after a second. Idempotent. */
export async function endPool(pool: pg.Pool, clock: Clock): Promise<void> {
  if (pool.ending) return;
  let left = pool.totalCount;
  const closed = new Promise<void>((resolve) => {
    if (left === 0) resolve();
    pool.on('remove', () => --left === 0 && resolve());
  });
  await pool.end();
  const late = new Promise<void>((resolve) => {
    const timer = clock.after(PATIENCE_MS, resolve);
    void closed.then(() => timer.cancel());
  });
  await Promise.race([closed, late]);
}
