// Consumers in no hurry get what comes together, in order and all of it.
import { expect, test, vi } from 'vitest';
import { createManualClock } from '../manual-clock.ts';
import { createMemoryEventLog } from '../memory/index.ts';
import { gatheringLog } from './gathering-log.ts';

test('Records that come one by one are handed out together, in their order, and none is left out.', async () => {
  const clock = createManualClock();
  const log = gatheringLog(createMemoryEventLog({ topics: { t: { partitions: 1 } }, clock }), 100, clock);
  const batches: string[][] = [];
  const consumption = await log.consume('t', {
    group: 'g',
    start: async () => new Map([[0, 0]]),
    handle: async (records) => {
      batches.push(records.map((record) => new TextDecoder().decode(record.value)));
    },
  });
  const append = (text: string) => log.append('t', [{ partition: 0, key: 'k', value: new TextEncoder().encode(text) }]);
  await append('first');
  await vi.waitFor(() => expect(batches).toEqual([['first']]));
  for (const text of ['a', 'b', 'c']) await append(text);
  expect(batches).toHaveLength(1);
  await clock.advance(100);
  await vi.waitFor(() => expect(batches).toEqual([['first'], ['a', 'b', 'c']]));
  const stopping = consumption.stop();
  await clock.advance(100);
  await stopping;
});
