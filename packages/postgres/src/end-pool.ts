// Ends a pool and waits until the server has heard of it: the driver's own end() resolves before its connections are closed, and a
// server that is stopped right after would complain of each of them.
import type pg from 'pg';

/** A server that does not answer must not hold up whoever goes. */
const PATIENCE_MS = 1_000;

/** Resolves when no connection of the pool is left, or after a second. Idempotent. */
export async function endPool(pool: pg.Pool): Promise<void> {
  if (pool.ending) return;
  let left = pool.totalCount;
  await new Promise<void>((resolve, reject) => {
    // A real timer that holds the process: idle connections do not, and who waits here has more to stop.
    const late = setTimeout(resolve, PATIENCE_MS);
    const gone = (): void => {
      clearTimeout(late);
      resolve();
    };
    pool.on('remove', () => --left === 0 && gone());
    pool.end().then(() => left === 0 && gone(), reject);
  });
}
