// Is the generator keeping up? k6 cannot read /proc, so a VU watches its own clock: a timer that comes late means that whatever is measured here
// comes late too. Then there is no verdict: the run is marked (exit code 110) and the report says so.
import exec from 'k6/execution';
import { count, measure } from './counts.ts';
import { type Env, readSettings } from './settings.ts';

declare const __ENV: Env;

const TICK_MS = 100;
export const HEALTH = {
  GENERATOR_LATE_MS: { default: 100, min: 10, max: 10_000, what: 'a timer of k6 that is later than this is late' },
  GENERATOR_LATE_PERCENT: { default: 5, min: 1, max: 100, what: 'k6 was the bottleneck when its timers were late for more than this part of a run' },
} as const;
const settings = readSettings(__ENV, HEALTH);

export interface Health {
  /** Ends the watch; marks the run when this VU could not keep up. */
  stop(): void;
}

export function watchGenerator(): Health {
  const began = Date.now();
  let last = began;
  let lateMs = 0;
  const note = (): void => {
    const now = Date.now();
    const drift = Math.max(0, now - last - TICK_MS);
    last = now;
    measure('generator_late_ms', drift, now);
    lateMs += Math.max(0, drift - settings.GENERATOR_LATE_MS);
  };
  const timer = setInterval(note, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      note();
      const percent = (100 * lateMs) / Math.max(1, last - began);
      if (percent <= settings.GENERATOR_LATE_PERCENT) return;
      count('overloaded');
      exec.test.fail(
        `no verdict: timers of VU ${exec.vu.idInTest} were late for ${percent.toFixed(0)} percent of the run, so the generator was the bottleneck`,
      );
    },
  };
}
