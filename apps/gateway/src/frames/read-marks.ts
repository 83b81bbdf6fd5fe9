// Read marks of this worker's users, joined per user and room and written together: reading must cost nothing like posting.
// A mark may be lost with the worker; the client says it again with its next one.
import type { Clock, Timer } from '@parley/ports';
import { type MarkRead, markRead } from '@parley/protocol';
import type { InternalClient, Logger } from '@parley/runtime';

const EVERY_MS = 200;
const RETRY_MS = 2_000;
const CALL_MAX = 1_000;
const WAITING_MAX = 100_000;

export interface ReadMarks {
  /** The newest of the client's own counter wins, of two with the same the one that reaches further. False: too many wait, say it again later. */
  mark(user: string, mark: MarkRead): boolean;
  /** Writes what waits now. */
  flush(): Promise<void>;
}

export function createReadMarks({ internal, clock, logger }: { internal: InternalClient; clock: Clock; logger: Logger }): ReadMarks {
  let waiting = new Map<string, { user: string; mark: MarkRead }>();
  let timer: Timer | null = null;

  const put = (entry: { user: string; mark: MarkRead }): void => {
    const key = `${entry.user} ${entry.mark.room}`;
    const known = waiting.get(key);
    const ahead = known === undefined ? 1 : entry.mark.n - known.mark.n || entry.mark.seq - known.mark.seq;
    if (ahead >= 0) waiting.set(key, entry);
  };
  const schedule = (ms: number): void => {
    timer ??= clock.after(ms, () => void flush());
  };
  const flush = async (): Promise<void> => {
    timer?.cancel();
    timer = null;
    const marks = [...waiting.values()];
    waiting = new Map();
    for (let i = 0; i < marks.length; i += CALL_MAX) {
      const slice = marks.slice(i, i + CALL_MAX);
      try {
        await internal.call(markRead, { marks: slice });
      } catch (error) {
        logger.warn({ err: error, marks: slice.length }, 'read marks could not be written yet');
        for (const entry of slice) {
          const newer = waiting.get(`${entry.user} ${entry.mark.room}`);
          if (newer === undefined && waiting.size < WAITING_MAX) put(entry);
        }
        schedule(RETRY_MS);
      }
    }
  };
  return {
    mark(user, mark) {
      if (waiting.size >= WAITING_MAX && !waiting.has(`${user} ${mark.room}`)) return false;
      put({ user, mark });
      schedule(EVERY_MS);
      return true;
    },
    flush,
  };
}
