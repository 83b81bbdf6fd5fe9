// Waiting in a benchmark: for a time, or for something to be so.
import { performance } from 'node:perf_hooks';

export const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Looks every `everyMs`; false when it was not so within `ms`. */
export async function until(is: () => boolean, ms: number, everyMs = 5): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!is()) {
    if (performance.now() > deadline) return false;
    await wait(everyMs);
  }
  return true;
}
