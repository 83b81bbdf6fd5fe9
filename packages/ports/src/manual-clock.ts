// A clock that moves only when told to, for tests and simulation: timers run in due order, at their own virtual time. Holds no real timer.
import type { Clock, Timer } from './clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on, running what falls due in order; after each timer what it set in motion (promises, not I/O) settles first. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, back or forth: what a wrong or corrected clock does. Timers do not notice. */
  skew(ms: number): void;
  /** Ms until the next timer; null: none is set. */
  nextIn(): number | null;
}

interface Waiting {
  due: number;
  readonly nr: number;
  readonly everyMs: number | null;
  readonly callback: () => void;
}

const START = Date.UTC(2026, 0, 1);

/** `startMs`: the wall time at the beginning. Default 2026-01-01. */
export function createManualClock(startMs = START): ManualClock {
  const waiting = new Set<Waiting>();
  let wall = startMs;
  let elapsed = 0;
  let count = 0;

  const add = (ms: number, everyMs: number | null, callback: () => void): Timer => {
    // As real timers do: never in this turn, so a timer that sets itself again with 0 does not stop time.
    const entry: Waiting = { due: elapsed + Math.max(1, ms), nr: count++, everyMs, callback };
    waiting.add(entry);
    return { cancel: () => waiting.delete(entry) };
  };
  const next = (): Waiting | null => {
    let first: Waiting | null = null;
    for (const entry of waiting) if (first === null || entry.due < first.due || (entry.due === first.due && entry.nr < first.nr)) first = entry;
    return first;
  };
  const moveTo = (at: number): void => {
    wall += at - elapsed;
    elapsed = at;
  };
  const advance = async (ms: number): Promise<void> => {
    const end = elapsed + ms;
    await settle();
    for (let entry = next(); entry !== null && entry.due <= end; entry = next()) {
      moveTo(entry.due);
      if (entry.everyMs === null) waiting.delete(entry);
      else entry.due += Math.max(1, entry.everyMs);
      entry.callback();
      await settle();
    }
    moveTo(end);
    await settle();
  };

  return {
    // Whole ms, as Date.now: timers may fall due between them.
    now: () => Math.floor(wall),
    monotonic: () => elapsed,
    after: (ms, callback) => add(ms, null, callback),
    every: (ms, callback) => add(ms, ms, callback),
    sleep: (ms) => new Promise((resolve) => add(ms, null, resolve)),
    advance,
    skew: (ms) => {
      wall += ms;
    },
    nextIn: () => {
      const entry = next();
      return entry === null ? null : entry.due - elapsed;
    },
  };
}

/** A tick comes after all promises that are ready; a few, because ticks may be waited for too. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise<void>((resolve) => process.nextTick(resolve));
}
