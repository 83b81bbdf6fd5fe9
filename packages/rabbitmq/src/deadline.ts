// Waits that end. Nothing in this package may hang because a broker does.
import { type Clock, WorkUnavailable } from '@parley/ports';

/** The promise's own answer, or WorkUnavailable after `ms`. A late answer is dropped. */
export function before<T>(clock: Clock, ms: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(Math.max(0, ms), () => reject(new WorkUnavailable(`${what}: no answer in time`)));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
