// Dead letters from the worker's hand to the operator's, and back into the log.

import { createManualClock } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { type DeadLetter, encodeRecord, TOPICS } from '@parley/protocol';
import { expect, test } from 'vitest';
import { readDeadLetters, replayDeadLetters } from '../src/log/dead-letters.ts';
import { LOG_TOPICS } from '../src/log-topics.ts';

const letter = (partition: number, offset: number, value: Uint8Array | null): DeadLetter => ({
  v: 1,
  type: 'letter.dead',
  topic: TOPICS.roomCommand,
  logId: 'log',
  partition,
  offset,
  key: 'key',
  reason: 'not a room command',
  bytes: value === null ? null : Buffer.from(value).toString('base64'),
  time: 5,
});

test('dead letters are shown once, put back once with their bytes, and what was too large stays', async () => {
  const clock = createManualClock();
  const log = createMemoryEventLog({ topics: LOG_TOPICS, clock });
  expect(await readDeadLetters(log)).toEqual([]);
  expect(await replayDeadLetters(log, clock)).toBe(0);
  const garbage = Uint8Array.from([0xff, 0x00, 0xc3, 0x28]);
  const letters = [letter(2, 7, garbage), letter(2, 7, garbage), letter(0, 7, Uint8Array.from([1])), letter(1, 9, null)];
  await log.append(
    TOPICS.roomDead,
    letters.map((value) => ({ partition: 0, key: 'key', value: encodeRecord(value) })),
  );
  expect((await readDeadLetters(log)).map(({ partition, offset }) => [partition, offset])).toEqual([
    [2, 7],
    [0, 7],
    [1, 9],
  ]);
  expect(await replayDeadLetters(log, clock)).toBe(2);
  expect(await replayDeadLetters(log, clock)).toBe(0);
  expect((await readDeadLetters(log)).map(({ offset }) => offset)).toEqual([9]);
  const seen: number[][] = [];
  const consumption = await log.consume(TOPICS.roomCommand, {
    group: null,
    start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
    handle: async (records) => void seen.push(...records.map(({ partition, value }) => [partition, ...value])),
  });
  await expect
    .poll(() => seen)
    .toEqual([
      [0, 1],
      [2, ...garbage],
    ]);
  await consumption.stop();
});
