// Waiting for a quiet moment of the machine before a measurement, within a bound: a busy machine is measured all the same, and said to be busy.
import { readFile } from 'node:fs/promises';

const SAMPLE_MS = 300;
/** Busy share of one core. */
const CALM_BELOW = 0.15;
const TICK_MS = 10;

async function busyMs(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return (ticks.reduce((sum, one) => sum + one, 0) - idle) * TICK_MS;
}

export interface Calm {
  /** Resolves at the first calm moment, or when all waits together have taken the bound. */
  wait(): Promise<void>;
  /** Did it wait in vain? */
  readonly busy: boolean;
}

/** `boundMs`: of all waits together. */
export function createCalm(boundMs: number): Calm {
  let left = boundMs;
  let busy = false;
  return {
    async wait() {
      while (left > 0) {
        const before = await busyMs();
        await new Promise((done) => setTimeout(done, SAMPLE_MS));
        left -= SAMPLE_MS;
        if ((await busyMs()) - before < SAMPLE_MS * CALM_BELOW) return;
      }
      busy = true;
    },
    get busy() {
      return busy;
    },
  };
}
