// How long to wait before the next try: full jitter, doubling from half a second to half a minute; a server's word goes first.

const FIRST_MS = 500;
const MOST_MS = 30_000;

export interface BackOff {
  /** Ms to wait now. `retryAfterMs`: what the server asked for. Each call counts as one more failure. */
  next(retryAfterMs?: number): number;
  reset(): void;
}

export function createBackOff(random: () => number): BackOff {
  let failures = 0;
  return {
    next(retryAfterMs) {
      const most = Math.min(MOST_MS, FIRST_MS * 2 ** failures);
      failures = Math.min(failures + 1, 10);
      return retryAfterMs ?? random() * most;
    },
    reset() {
      failures = 0;
    },
  };
}
