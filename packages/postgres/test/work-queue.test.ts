// What the Postgres queue does beyond the port's promise: it has a key, so a job that is enqueued twice meanwhile is one row.
import { systemClock } from '@parley/ports';
import { expect, it, vi } from 'vitest';
import { createPostgresWorkQueue } from '../src/index.ts';
import { testDatabase } from '../src/testing.ts';

it('keeps one unfinished job of an id, the first', async () => {
  const database = await testDatabase();
  const queue = await createPostgresWorkQueue({ connection: database.connection, clock: systemClock });
  const job = { queue: 'push.send', id: '1' };
  await queue.enqueue([
    { ...job, payload: 'first' },
    { ...job, payload: 'second' },
  ]);
  await queue.enqueue([{ ...job, payload: 'third' }]);
  const seen: unknown[] = [];
  await queue.work('push.send', async ({ id, payload }) => void seen.push([id, payload]), { concurrency: 1 });
  await queue.enqueue([{ queue: 'push.send', id: '2', payload: 'last' }]);
  await vi.waitFor(() => expect(seen).toContainEqual(['2', 'last']), 5_000);
  expect(seen).toEqual([
    ['1', 'first'],
    ['2', 'last'],
  ]);
  await queue.close();
  await database.drop();
});
