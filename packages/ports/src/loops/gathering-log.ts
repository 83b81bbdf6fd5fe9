// A log for consumers that are in no hurry: after a batch they wait a little, so that the next one holds more. A transaction for each record
// costs ten times what one for a hundred costs.
import type { Clock } from '../clock.ts';
import type { EventLog } from '../event-log.ts';

/** The same log, whose consumers come for at most one batch every `ms`; a full batch is followed at once. A stop may wait for that long. */
export const gatheringLog = (log: EventLog, ms: number, clock: Clock): EventLog => ({
  append: (topic, entries) => log.append(topic, entries),
  ends: (topic) => log.ends(topic),
  consume: (topic, consumer) =>
    log.consume(topic, {
      ...consumer,
      handle: async (records) => {
        await consumer.handle(records);
        if (records.length < (consumer.maxBatch ?? FULL)) await clock.sleep(ms);
      },
    }),
});

/** Of a consumer that names no size. */
const FULL = 500;
