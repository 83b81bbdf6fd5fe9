// Sends everybody away one after the other, so that who comes back elsewhere does not come all at once. Until its turn a socket is served;
// who waits for the log gets that answer first.
import type { Clock } from '@parley/ports';
import type { ErrorBody } from '@parley/protocol';
import type { Session } from '../session.ts';

export interface GoodbyesDeps {
  readonly clock: Clock;
  readonly sessions: () => Iterable<Session>;
  /** What each is told. */
  readonly body: () => ErrorBody;
}

const STEP_MS = 50;
/** An append that takes longer ends with the socket: the client sends it again, and it counts once. */
const ANSWER_MS = 1_000;

/** Resolves when nobody is left, `overMs` and a little later at most. */
export function sayGoodbyes({ clock, sessions, body }: GoodbyesDeps, overMs: number): Promise<void> {
  const began = clock.monotonic();
  const all = [...sessions()];
  return new Promise((resolve) => {
    const timer = clock.every(STEP_MS, () => {
      const elapsed = clock.monotonic() - began;
      const due = elapsed >= overMs ? all.length : Math.ceil((all.length * elapsed) / overMs);
      const patient = elapsed < overMs + ANSWER_MS;
      let left = all.length > due;
      for (const session of all.slice(0, due)) {
        if (session.closed || session.leaving) continue;
        if (patient && session.inFlight > 0) left = true;
        else session.bye(body());
      }
      if (left) return;
      timer.cancel();
      resolve();
    });
  });
}
