// Records that could not be decided, as they were and why (topic `room.dead`), until somebody puts them back.
import * as z from 'zod/mini';
import { TimeMs } from './ids.ts';

/** Where a record was: its identity, for it may be told more than once. */
const place = { logId: z.string(), partition: z.int(), offset: z.int() };

export const DeadLetter = z.object({
  v: z.literal(1),
  type: z.literal('letter.dead'),
  ...place,
  /** Topic, partition and key that it goes back to. */
  topic: z.string(),
  key: z.string(),
  /** For the operator; may quote the record. */
  reason: z.string(),
  /** base64; null: too large for this topic, kept only in the table `dead_letter` of messages. */
  bytes: z.nullable(z.string()),
  time: TimeMs,
});
export type DeadLetter = z.infer<typeof DeadLetter>;

/** It was put back: nobody does so again. */
export const DeadLetterReplayed = z.object({ v: z.literal(1), type: z.literal('letter.replayed'), ...place, time: TimeMs });

export const DeadLetterRecord = z.discriminatedUnion('type', [DeadLetter, DeadLetterReplayed]);
export type DeadLetterRecord = z.infer<typeof DeadLetterRecord>;
