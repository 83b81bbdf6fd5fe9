// The relay to the work queue, while the queue comes and goes.
import { createManualClock, type Job, type WorkQueue, WorkUnavailable } from '@parley/ports';
import { createMemoryWorkQueue } from '@parley/ports/memory';
import { createLogger } from '@parley/runtime';
import { afterEach, expect, test } from 'vitest';
import { createRelay, type Relay } from './relay.ts';
import type { Outbox } from './store/outbox.ts';

/** The table's rules, without the table. */
function outboxOf(jobs: readonly Job[]): Outbox {
  const rows = new Map(jobs.map((job, index) => [BigInt(index), { ...job, claimed: 0 }]));
  return {
    claim: async (now, until) => {
      const due = [...rows].filter(([, row]) => row.claimed <= now);
      for (const [, row] of due) row.claimed = until;
      return due.map(([row, { queue, id, payload }]) => ({ row, queue, id, payload }));
    },
    drop: async (gone) => void gone.map((row) => rows.delete(row)),
    giveBack: async (back) => {
      for (const row of back) Object.assign(rows.get(row) ?? {}, { claimed: 0 });
    },
    waiting: async () => 0,
    nextDueMs: async () => (rows.size === 0 ? null : Math.min(...[...rows.values()].map(({ claimed }) => claimed))),
  };
}

let relay: Relay | null = null;
afterEach(async () => relay?.stop());

test('What the queue did not take is handed on within seconds of its return, not when a claim runs out.', async () => {
  const clock = createManualClock();
  const memory = createMemoryWorkQueue({ clock });
  let away = true;
  const queue: WorkQueue = {
    ...memory,
    enqueue: async (jobs) => {
      if (away) throw new WorkUnavailable('away');
      await memory.enqueue(jobs);
    },
  };
  const done: string[] = [];
  const working = await memory.work('push.send', async ({ id }) => void done.push(id));
  const outbox = outboxOf([{ queue: 'push.send', id: 'one', payload: {} }]);
  relay = createRelay({ outbox, queue, tidy: async () => {}, clock, logger: createLogger({ level: 'silent' }) });
  relay.start();
  await clock.advance(3_000);
  expect(relay.problem()).not.toBeNull();
  away = false;
  await clock.advance(6_000);
  expect(done).toEqual(['one']);
  expect(relay.problem()).toBeNull();
  const stopped = relay.stop();
  await clock.advance(3_000);
  await Promise.all([stopped, working.stop()]);
}, 10_000);
