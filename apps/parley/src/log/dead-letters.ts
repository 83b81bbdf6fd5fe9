// The dead letters of a log: those that nobody has put back yet, and putting them back. What was put back is written down in the same topic,
// after it is in the log: a death between the two puts a letter back twice, which every consumer can bear.
import type { Clock, EventLog, LogRecord } from '@parley/ports';
import { type DeadLetter, DeadLetterRecord, type DeadLetterReplayed, decodeRecord, encodeRecord, TOPICS } from '@parley/protocol';
import type * as z from 'zod/mini';

type Replayed = z.infer<typeof DeadLetterReplayed>;

/** The whole of `room.dead` as it is now, oldest first, without repeats and without what was put back. */
export async function readDeadLetters(log: EventLog): Promise<readonly DeadLetter[]> {
  const open = new Map<string, DeadLetter>();
  const done = new Set<string>();
  for (const record of await readAll(log)) {
    const letter = read(record);
    if (letter === null) continue;
    const place = `${letter.logId}/${letter.partition}/${letter.offset}`;
    if (letter.type === 'letter.replayed') done.add(place);
    else if (!open.has(place)) open.set(place, letter);
  }
  return [...open].filter(([place]) => !done.has(place)).map(([, letter]) => letter);
}

/** Puts them back where they came from, in their order. Answers how many; those too large to be kept in the topic are left. */
export async function replayDeadLetters(log: EventLog, clock: Clock): Promise<number> {
  let count = 0;
  for (const { topic, logId, partition, offset, key, bytes } of await readDeadLetters(log)) {
    if (bytes === null) continue;
    await log.append(topic, [{ partition, key, value: Buffer.from(bytes, 'base64') }]);
    const replayed: Replayed = { v: 1, type: 'letter.replayed', logId, partition, offset, time: clock.now() };
    await log.append(TOPICS.roomDead, [{ partition: 0, key, value: encodeRecord(replayed) }]);
    count++;
  }
  return count;
}

/** null: nobody of ours wrote this. */
function read({ value }: LogRecord): DeadLetterRecord | null {
  try {
    return decodeRecord(DeadLetterRecord, value);
  } catch {
    return null;
  }
}

async function readAll(log: EventLog): Promise<readonly LogRecord[]> {
  const end = (await log.ends(TOPICS.roomDead)).partitions[0];
  if (end === undefined || end.from === end.next) return [];
  const records: LogRecord[] = [];
  const whole = Promise.withResolvers<void>();
  const consumption = await log.consume(TOPICS.roomDead, {
    group: null,
    start: async () => new Map([[0, end.from]]),
    handle: async (batch) => {
      records.push(...batch.filter((record) => record.offset < end.next));
      if (batch.at(-1)!.offset >= end.next - 1) whole.resolve();
    },
  });
  await Promise.race([whole.promise, consumption.ended]).finally(() => consumption.stop());
  return records;
}
