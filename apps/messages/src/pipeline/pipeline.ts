// Prepares the next batch while one is being written. Batches are written one after the other, in order, each only after the one before
// is in; what was prepared over a batch that failed is dropped.

/**
 * Resolves when every batch is written. `prepare` is given the batch that is being written meanwhile, null: everything before is written.
 * It must do nothing that outlives its own answer. `failed`: a write threw; it writes the batch in another way, with nothing else under
 * way, or throws. Whatever throws ends it with that error, and no call goes on after that.
 */
export async function pipeline<Batch, Prepared>(
  batches: readonly Batch[],
  prepare: (batch: Batch, before: Prepared | null) => Promise<Prepared>,
  write: (prepared: Prepared) => Promise<void>,
  failed: (batch: Batch, error: unknown) => Promise<void>,
): Promise<void> {
  let ahead: Promise<Prepared> | null = null;
  for (const [i, batch] of batches.entries()) {
    const prepared: Prepared = await (ahead ?? prepare(batch, null));
    const writing = write(prepared);
    const next = batches[i + 1];
    ahead = next === undefined ? null : sent().then(() => prepare(next, prepared));
    // Waited for below in every case; it may fail before that.
    ahead?.catch(() => {});
    try {
      await writing;
    } catch (error) {
      await ahead?.catch(() => {});
      ahead = null;
      await failed(batch, error);
    }
  }
}

/** Ticks until a write that was begun is on its way, with the driver's own: what is computed before that, the database waits for. */
const TICKS = 4;

async function sent(): Promise<void> {
  for (let tick = 0; tick < TICKS; tick++) await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** Equal parts of about `size`. */
export function chunksOf<T>(all: readonly T[], size: number): (readonly T[])[] {
  if (all.length === 0) return [];
  const count = Math.max(1, Math.round(all.length / size));
  return Array.from({ length: count }, (_, i) => all.slice(Math.floor((i * all.length) / count), Math.floor(((i + 1) * all.length) / count)));
}
