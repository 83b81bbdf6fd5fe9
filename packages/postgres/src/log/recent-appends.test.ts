// Whoever appends, whenever a consumer hears of it, and wherever its reads fall in between: each record is read once and in order, and a
// consumer that is told there is no more is at the end of what it was told of.
import type { LogRecord } from '@parley/ports';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentAppends } from './recent-appends.ts';

type Step =
  | { readonly do: 'own' | 'other'; readonly partition: number; readonly count: number }
  | { readonly do: 'heard' }
  | { readonly do: 'read'; readonly limit: number; readonly meanwhile: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ do: fc.constantFrom('own' as const, 'other' as const), partition: fc.nat(2), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('heard' as const) }),
    fc.record({ do: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 7 }), meanwhile: fc.nat(4) }),
  ),
  { maxLength: 60 },
);

function createWorld() {
  const recent = new RecentAppends();
  const table: LogRecord[][] = [[], [], []];
  const positions = new Map([0, 1, 2].map((partition) => [partition, 0]));
  const seen: number[][] = [[], [], []];
  let fromMemory = 0;
  const append = (partition: number, count: number, own: boolean): void => {
    const list = table[partition] as LogRecord[];
    const made = Array.from({ length: count }, (_, i) => ({ partition, offset: list.length + i, key: 'k', value: new Uint8Array(1) }));
    list.push(...made);
    if (own) recent.add(made);
  };
  const ask = (limit: number, meanwhile: number): readonly LogRecord[] => {
    recent.asking();
    if (meanwhile === 1) append(0, 1, true);
    const found = table.flatMap((list, partition) => list.slice(positions.get(partition) ?? 0)).slice(0, limit);
    if (meanwhile === 2) append(1, 1, true);
    if (meanwhile === 3) recent.doubt();
    if (found.length >= limit) recent.doubt();
    return found;
  };
  const read = (limit: number, meanwhile: number): number => {
    const known = recent.read(positions, limit);
    const batch = known ?? ask(limit, meanwhile);
    if (known !== null) fromMemory += known.length;
    expect(batch.length).toBeLessThanOrEqual(limit);
    for (const { partition, offset } of batch) {
      seen[partition]?.push(offset);
      positions.set(partition, offset + 1);
    }
    return batch.length;
  };
  return { recent, table, seen, append, read, fromMemory: () => fromMemory };
}

test('each record once and in order, whoever appended it', () => {
  fc.assert(
    fc.property(steps, (story) => {
      const world = createWorld();
      for (const step of story) {
        if (step.do === 'heard') world.recent.doubt();
        else if (step.do === 'read') world.read(step.limit, step.meanwhile);
        else world.append(step.partition, step.count, step.do === 'own');
      }
      // In the end all is heard of, and a consumer reads until it gets less than it asked for.
      world.recent.doubt();
      while (world.read(4, 0) === 4) {}
      expect(world.seen).toEqual(world.table.map((list) => list.map(({ offset }) => offset)));
    }),
    { numRuns: 2_000 },
  );
});

test('what nobody else appended is never read from the table, and less than was asked for means the end', () => {
  const world = createWorld();
  expect(world.read(10, 0)).toBe(0);
  world.append(0, 12, true);
  world.append(2, 1, true);
  expect([world.read(10, 0), world.read(10, 0), world.read(10, 0)]).toEqual([10, 3, 0]);
  expect(world.fromMemory()).toBe(13);
});

test('a backlog is left to the table', () => {
  const world = createWorld();
  world.read(10, 0);
  for (let i = 0; i < 6; i++) world.append(1, 1_000, true);
  while (world.read(1_000, 0) === 1_000) {}
  expect(world.seen[1]).toEqual(Array.from({ length: 6_000 }, (_, i) => i));
  expect(world.fromMemory()).toBeLessThan(6_000);
});
