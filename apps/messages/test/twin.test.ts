// The two stores are twins: whatever is asked, Postgres and memory keep and answer the same.
import { testDatabase } from '@parley/postgres/testing';
import { LIMITS } from '@parley/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPage, readSnapshot } from '../src/http/read-history.ts';
import { migrationsFolder } from '../src/index.ts';
import { createMemoryStore } from '../src/memory/index.ts';
import { chunksOf } from '../src/pipeline/pipeline.ts';
import type { Store } from '../src/store/store.ts';
import { createSqlStore } from '../src/store/store-sql.ts';
import { createPipelinedCore, recordsOf } from './pipelined-core.ts';
import { batches, PEOPLE, ROOMS } from './random-commands.ts';
import { runBatches } from './run-batches.ts';

/** Everything that can be read, in one value. */
async function readAll(store: Store) {
  const perRoom = ROOMS.map(async (room) => ({
    events: await store.events(room, 0, LIMITS.resumeEvents),
    people: await Promise.all(
      PEOPLE.map(async (user) => ({
        snapshot: await readSnapshot(store, user, room, 'e', 5),
        older: await readPage(store, user, room, { before: 12, limit: 4 }),
        newer: await readPage(store, user, room, { after: 6, limit: 4 }),
        around: await readPage(store, user, room, { around: 9, limit: 6 }),
        members: await store.members(user, room, PEOPLE[0] ?? null, 2),
      })),
    ),
  }));
  const sync = await store.sync([
    ...PEOPLE.map((user) => ({ user, me: null })),
    ...PEOPLE.map((user) => ({ user, me: 3 })),
    { user: PEOPLE[0] ?? '', me: 10_000 },
  ]);
  return {
    rooms: await Promise.all(perRoom),
    summaries: await Promise.all(PEOPLE.map((user) => store.roomSummaries(user, null))),
    sync: sync.map(({ me, rights }) => ({ me, rights: [...rights].sort((a, b) => (a.room < b.room ? -1 : 1)) })),
    heads: await store.headsSince({ 0: 2, 1: 0, 2: 0, 3: 5 }),
    positions: await store.positions('room.command'),
  };
}

test('Postgres and memory give the same answers to the same commands', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      batches,
      fc.array(fc.tuple(fc.constantFrom(...PEOPLE), fc.constantFrom(...ROOMS), fc.nat(30), fc.nat(3)), { maxLength: 5 }),
      async (groups, marks) => {
        const database = await testDatabase(migrationsFolder);
        const sql = createSqlStore(database.connection, 2);
        try {
          const memory = createMemoryStore();
          const told = (await runBatches(groups, sql)).told;
          expect(told).toEqual((await runBatches(groups, memory)).told);
          for (const [user, room, seq, n] of marks) {
            expect(await sql.markRead([{ user, room, seq, n }])).toEqual(await memory.markRead([{ user, room, seq, n }]));
          }
          expect(await readAll(sql)).toEqual(await readAll(memory));
        } finally {
          await sql.close();
          await database.drop();
        }
      },
    ),
    { numRuns: 12 },
  ),
);

test('Postgres keeps what memory keeps when batches overlap there', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(batches, fc.integer({ min: 1, max: 6 }), async (groups, batchSize) => {
      const database = await testDatabase(migrationsFolder);
      const store = createSqlStore(database.connection, 2);
      // Hardly anything is kept, so that client ids come again that only the database knows.
      const memory = { recent: 4, places: 8, careful: 0 };
      const cores = [await createPipelinedCore({ batchSize, store, memory }), await createPipelinedCore({ batchSize })] as const;
      try {
        const records = recordsOf(groups.flat());
        for (const core of cores) for (const part of chunksOf(records, 20)) await core.handle(part);
        expect(cores[0].writes).toEqual(cores[1].writes);
        // How far things are told is a matter of time.
        const [sql, memory] = [await readAll(store), await readAll(cores[1].store)].map((all) => ({
          ...all,
          positions: all.positions.map(({ next, pos }) => ({ next, pos })),
        }));
        expect(sql).toEqual(memory);
      } finally {
        for (const core of cores) await core.stop();
        await database.drop();
      }
    }),
    { numRuns: 8 },
  ),
);
