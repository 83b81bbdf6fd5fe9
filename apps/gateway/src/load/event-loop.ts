// How late this thread's event loop is: the real source of the ladder's samples. Measured by Node itself, without a turn of the loop.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelay {
  start(): void;
  /** How late it was since the last call, `elapsedMs` ago: one turn in twenty was later, ms. */
  lateMs(elapsedMs: number): number;
  stop(): void;
}

/** For whoever has no event loop of their own, such as a simulation. */
export const NEVER_LATE: LoopDelay = { start() {}, lateMs: () => 0, stop() {} };

const RESOLUTION_MS = 20;
/** With fewer turns than this in the time there is no twentieth: it was late all the time. */
const TURNS_MIN = 10;

export function createLoopDelay(): LoopDelay {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  return {
    start: () => void delays.enable(),
    lateMs(elapsedMs) {
      // The first turn after a reset is not measured: with few turns, how many there were says more.
      const { count } = delays;
      const turnMs = count < TURNS_MIN ? elapsedMs / (count + 1) : delays.percentile(95) / 1e6;
      delays.reset();
      return Math.max(0, turnMs - RESOLUTION_MS);
    },
    stop: () => void delays.disable(),
  };
}
