// What must hold however commands are cut into batches, whenever loads are taken and whatever write fails: apart, so that planted mistakes
// can be held to it too.
import fc from 'fast-check';
import { expect } from 'vitest';
import { createMemoryStore } from '../src/memory/index.ts';
import { chunksOf } from '../src/pipeline/pipeline.ts';
import type { Store } from '../src/store/store.ts';
import { createPipelinedCore, type PipelinedCore, recordsOf } from './pipelined-core.ts';
import { batches, PEOPLE, ROOMS } from './random-commands.ts';
import { runModel } from './run-model.ts';

const sizes = fc.integer({ min: 1, max: 9 });
const waits = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 24 });

/** The numbers over and over. */
export function cycle(numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length] ?? 0;
}

/** Little is kept, and often nothing is asked twice: what a small worker forgets and what a large one trusts. */
const memories = fc.record({ recent: fc.nat(30), places: fc.nat(12), careful: fc.constantFrom(0, 0, 1, 20) });

const readAll = async (store: Store) => ({
  events: await Promise.all(ROOMS.map((room) => store.events(room, 0, 10_000))),
  summaries: await Promise.all(PEOPLE.map((user) => store.roomSummaries(user, null))),
  positions: (await store.positions('room.command')).map(({ partition, next, pos }) => ({ partition, next, pos })),
});

const toldBy = (core: PipelinedCore) => ({
  results: PEOPLE.map(core.results),
  events: ROOMS.map(core.told),
  relayed: [0, 1, 2, 3].map((partition) => core.relayed.filter((event) => event.partition === partition)),
});

/** In one batch, in parts one after the other, and in parts overlapping: the same events, results and state, which are the model's. */
export async function overlappingChangesNothing(numRuns: number): Promise<{ before: number; after: number }> {
  const loads = { before: 0, after: 0 };
  await fc.assert(
    fc.asyncProperty(batches, sizes, waits, memories, async (groups, size, turns, memory) => {
      const records = recordsOf(groups.flat());
      const [overlapping, apart, together] = await Promise.all([
        createPipelinedCore({ batchSize: size, turns: cycle(turns), memory }),
        createPipelinedCore({ batchSize: 1_000, memory }),
        createPipelinedCore({ batchSize: 1_000 }),
      ]);
      await overlapping.handle(records);
      for (const part of chunksOf(records, size)) await apart.handle(part);
      await together.handle(records);
      for (const core of [overlapping, apart, together]) await core.stop();
      expect(overlapping.writes).toEqual(apart.writes);
      expect(toldBy(overlapping)).toEqual(toldBy(apart));
      expect(await readAll(overlapping.store)).toEqual(await readAll(together.store));
      const model = runModel(groups);
      for (const user of PEOPLE) expect(overlapping.results(user)).toEqual(model.told.filter((told) => told.user === user).map((told) => told.result));
      for (const [room, naive] of model.rooms) {
        expect((await overlapping.store.events(room, 0, 10_000)).events).toEqual(naive.redacted().map((event) => ({ ...event, room })));
      }
      loads.before += overlapping.loads.before;
      loads.after += overlapping.loads.after;
    }),
    { numRuns, endOnFailure: true },
  );
  return loads;
}

const faults = fc.array(fc.constantFrom('none', 'none', 'not done', 'answer lost', 'fenced'), { minLength: 1, maxLength: 12 });

/** A write that fails takes the batch that was decided over it along, and the repetition comes to what would have been. */
export async function failuresChangeNothing(numRuns: number): Promise<number> {
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(batches, sizes, waits, faults, memories, async (groups, size, turns, fates, memory) => {
      const records = recordsOf(groups.flat());
      const calm = await createPipelinedCore({ batchSize: 1_000 });
      await calm.handle(records);
      let nr = 0;
      const store = createMemoryStore();
      const core = await createPipelinedCore({
        batchSize: size,
        turns: cycle(turns),
        memory,
        store,
        commit: async (write) => {
          const fate = fates[nr++] ?? 'none';
          if (fate === 'not done') throw new Error('not done');
          // Another owner was there first, with the same commands.
          if (fate === 'fenced') await store.commit(write);
          const outcome = await store.commit(write);
          if (fate === 'answer lost') throw new Error('done, and the answer was lost');
          return outcome;
        },
      });
      repeated += (await core.take(records)) - 1;
      await core.stop();
      await calm.stop();
      expect(await readAll(store)).toEqual(await readAll(calm.store));
      for (const room of ROOMS) expect([...new Set(core.told(room))]).toEqual(calm.told(room));
    }),
    { numRuns, endOnFailure: true },
  );
  return repeated;
}
