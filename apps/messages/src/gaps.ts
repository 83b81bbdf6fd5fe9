// Rooms of which a change is missing: rooms is asked to send again until it has come. Kept in memory only; a gap that is still there
// shows again with the next change of its room.
import { resendChanges } from '@parley/protocol';
import type { InternalClient, Logger } from '@parley/runtime';
import type { Decided } from './decide/batch.ts';

export interface Gaps {
  /** What a batch that is written has found and closed. */
  note(decided: Pick<Decided, 'changed' | 'gaps'>): void;
  /** Asks for all of them once more: an earlier call may have been lost. */
  askAgain(): void;
  problems(): readonly string[];
}

/** Without `internal` gaps are only told of. */
export function createGaps(internal: InternalClient | undefined, logger: Logger): Gaps {
  /** room -> last mver applied. */
  const gaps = new Map<string, number>();
  const ask = (room: string, after: number): void => {
    void internal?.call(resendChanges, { room, after }).catch((error) => logger.warn({ err: error, room }, 'rooms could not be asked to send changes again'));
  };
  return {
    note(decided) {
      for (const room of decided.changed) gaps.delete(room);
      for (const { room, after } of decided.gaps) {
        if (gaps.get(room) !== after) {
          logger.error({ room, after }, 'a change of the room is missing: rooms is asked to send again');
          ask(room, after);
        }
        gaps.set(room, after);
      }
    },
    askAgain() {
      for (const [room, after] of gaps) ask(room, after);
    },
    problems: () => [...gaps].map(([room, after]) => `room ${room} waits for change ${after + 1} of rooms`),
  };
}
