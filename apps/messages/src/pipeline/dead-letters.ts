// Tells of records that could not be decided (topic `room.dead`), before the batch that sets them aside is committed: at least once, so nothing
// is set aside in silence. The rows in `dead_letter` are written with that commit.
import { type Clock, type EventLog, LogUnavailable } from '@parley/ports';
import { type DeadLetter, encodeRecord, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Input } from '../decide/decode.ts';

export interface DeadLetters {
  /** Rejects with LogUnavailable: not known, the batch must be tried again. */
  tell(inputs: readonly Input[], logId: string): Promise<void>;
}

/** In base64 and with its reason it must fit into one record of any log. */
const MAX_BYTES = 512 * 1024;

export function createDeadLetters({ log, clock, logger }: { log: EventLog; clock: Clock; logger: Logger }): DeadLetters {
  return {
    tell: async (inputs, logId) => {
      const poison = inputs.filter((input) => input.kind === 'poison');
      if (poison.length === 0) return;
      const entries = poison.map(({ record: { partition, offset, key, value }, asked, reason }) => {
        const bytes = value.byteLength > MAX_BYTES ? null : Buffer.from(value).toString('base64');
        const letter: DeadLetter = { v: 1, type: 'letter.dead', topic: TOPICS.roomCommand, logId, partition, offset, key, reason, bytes, time: clock.now() };
        return { partition: 0, key: asked?.room ?? 'unknown', value: encodeRecord(letter) };
      });
      try {
        await log.append(TOPICS.roomDead, entries);
      } catch (error) {
        if (error instanceof LogUnavailable) throw error;
        // The topic is missing: that must not stop the partition, the rows tell of them too.
        logger.error({ err: error, letters: entries.length }, 'dead letters could not be told; they are in the table dead_letter');
      }
    },
  };
}
