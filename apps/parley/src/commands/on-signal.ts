// How a running command is asked to stop. It stops nothing itself.

/** One ctrl-C reaches us twice: from the terminal, and handed on by bin.js. Two signals this close together are one. */
const SAME_MS = 400;

/**
 * Calls `stop` at the first SIGINT or SIGTERM. A later one ends the process at once with 130: what was acknowledged is on disk already.
 * On a terminal it says so.
 */
export function onSignal(stop: () => void): void {
  let first: number | null = null;
  const hear = (): void => {
    const now = performance.now();
    if (first === null) {
      first = now;
      if (process.stderr.isTTY === true) process.stderr.write('Stopping. Ctrl-C again stops at once; nothing acknowledged is lost.\n');
      stop();
    } else if (now - first > SAME_MS) process.exit(130);
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
}
