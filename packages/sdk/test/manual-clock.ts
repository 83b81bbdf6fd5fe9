// A clock that stands still until it is told to go on. Callbacks run in order of their time; microtasks are let through between them.
import type { SdkClock } from '../src/api.ts';

export interface ManualClock extends SdkClock {
  /** Goes on by ms, running what is due. */
  advance(ms: number): Promise<void>;
  pending(): number;
}

/** Lets everything that is ready run: promise chains, and fetches of the model server. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 12; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

export function createManualClock(start = 1_000_000): ManualClock {
  let now = start;
  let made = 0;
  const timers = new Map<number, { at: number; order: number; callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const id = ++made;
      timers.set(id, { at: now + Math.max(0, ms), order: id, callback });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= until).sort(([, a], [, b]) => a.at - b.at || a.order - b.order)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].callback();
        await settle();
      }
      now = until;
    },
    pending: () => timers.size,
  };
}
