// Reading accounts when the database or the log is not as it should be: it comes back by itself, and jumps over nothing.
import { createManualClock, systemClock } from '@parley/ports';
import { createMemoryEventLog } from '@parley/ports/memory';
import { encodeRecord, TOPICS } from '@parley/protocol';
import { createLogger } from '@parley/runtime';
import { expect, it } from 'vitest';
import { createAccountEvents } from './account-events.ts';
import type { AccountEventStore } from './store/store-account-events.ts';

const PERSON = '00000000-0000-7000-8000-000000000101';

it('goes on from its place after the database was away at the start', async () => {
  const log = createMemoryEventLog({ clock: systemClock, topics: { [TOPICS.accountEvent]: { partitions: 1 } } });
  const value = encodeRecord({ v: 1, type: 'account.created', user: PERSON, owner: true, time: 5 });
  await log.append(TOPICS.accountEvent, [{ partition: 0, key: PERSON, value }]);
  const clock = createManualClock();
  let away = true;
  const applied = Promise.withResolvers<readonly [number, readonly string[], string | undefined]>();
  const store: AccountEventStore = {
    position: async () => {
      if (away) throw new Error('the database is away');
      return 0;
    },
    apply: async (stretch, newcomers, welcome) => {
      applied.resolve([stretch.next, newcomers, welcome?.owner]);
      return true;
    },
  };
  const events = createAccountEvents({ log, store, onChange: () => {}, clock, logger: createLogger({ level: 'silent' }) });
  await events.start().catch(() => undefined);
  while (events.problem() === null) await systemClock.sleep(1);
  expect(events.problem()).toContain('the database is away');
  away = false;
  await clock.advance(2_000);
  expect(await applied.promise).toEqual([1, [PERSON], PERSON]);
  expect(events.problem()).toBeNull();
  await events.stop();
});
