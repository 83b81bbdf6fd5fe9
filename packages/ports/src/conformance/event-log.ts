// The promise of EventLog, a test for each sentence. Every adapter runs it, none is excused from a line.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventLog, Fenced, type LogConsumer, type LogConsumption, type LogEnds, type LogEntry, type LogRecord, OffsetOutOfRange } from '../event-log.ts';
import { eventually, type World } from './world.ts';

/** Topics that the factory must give its log: `four` has four partitions, `one` has one and keeps records for `SHORT_MS`. */
export const CONFORMANCE_TOPICS = { four: { partitions: 4, retentionMs: 3_600_000 }, one: { partitions: 1, retentionMs: 60_000 } } as const;

const text = new TextDecoder();
const entry = (partition: number, value: string, key = `key-${partition}`): LogEntry => ({ partition, key, value: new TextEncoder().encode(value) });
const valuesOf = (records: readonly LogRecord[], partition?: number): string[] =>
  records.filter((record) => partition === undefined || record.partition === partition).map((record) => text.decode(record.value));
const fromEnds = (which: 'from' | 'next') => async (_: readonly number[], ends: LogEnds) => new Map(ends.partitions.map((one) => [one.partition, one[which]]));

export function eventLogConformance(name: string, factory: () => Promise<World<EventLog>>): void {
  describe(`EventLog: ${name}`, () => {
    let world: World<EventLog>;
    const running: LogConsumption[] = [];
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((one) => one.stop()));
      await world.close();
    });
    const consume = async (topic: string, consumer: Partial<LogConsumer> & Pick<LogConsumer, 'handle'>): Promise<LogConsumption> => {
      const one = await world.port.consume(topic, { group: null, start: fromEnds('from'), ...consumer });
      running.push(one);
      return one;
    };
    const collect = async (topic: string, options: Partial<LogConsumer> = {}): Promise<LogRecord[]> => {
      const seen: LogRecord[] = [];
      await consume(topic, { ...options, handle: async (records) => void seen.push(...records) });
      return seen;
    };

    order(() => world, collect, consume);
    positions(() => world, collect, consume);
    failures(() => world, collect, consume);
    groups(() => world, collect, consume);
  });
}

type Collect = (topic: string, options?: Partial<LogConsumer>) => Promise<LogRecord[]>;
type Consume = (topic: string, consumer: Partial<LogConsumer> & Pick<LogConsumer, 'handle'>) => Promise<LogConsumption>;
type Part = (world: () => World<EventLog>, collect: Collect, consume: Consume) => void;

const order: Part = (world, collect, consume) => {
  it('hands out what was appended before and after the consumer came, byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await world().port.append('four', [{ partition: 2, key: 'ключ 🔑', value: bytes }]);
    const seen = await collect('four');
    await world().port.append('four', [entry(2, ''), entry(2, 'later')]);
    await eventually(world(), () => expect(seen).toHaveLength(3));
    expect(seen[0]).toMatchObject({ partition: 2, key: 'ключ 🔑', offset: 0 });
    expect(Uint8Array.from(seen[0]!.value)).toEqual(bytes);
    expect(valuesOf(seen.slice(1))).toEqual(['', 'later']);
  });

  it('keeps the append order of a key when one caller does not wait between appends', async () => {
    const values = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(values.map((value) => world().port.append('four', [entry(1, value)])));
    const seen = await collect('four');
    await eventually(world(), () => expect(valuesOf(seen)).toEqual(values));
  });

  it('keeps the append order of every key and loses nothing, however the handler fails', async () => {
    const appends = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(appends, fc.array(fc.boolean(), { maxLength: 6 }), fc.integer({ min: 1, max: 7 }), async (batches, failing, maxBatch) => {
        const before = await world().port.ends('four');
        const expected = new Map<number, string[]>([0, 1, 2, 3].map((partition) => [partition, []]));
        const kept: LogRecord[] = [];
        let calls = 0;
        const consumption = await consume('four', {
          maxBatch,
          start: async () => fromEnds('next')([], before),
          handle: async (records) => {
            if (failing[calls++] === true) throw new Error('not this time');
            kept.push(...records);
          },
        });
        for (const [nr, partitions] of batches.entries()) {
          const entries = partitions.map((partition, place) => entry(partition, `${nr}.${place}`));
          for (const one of entries) expected.get(one.partition)!.push(text.decode(one.value));
          await world().port.append('four', entries);
        }
        await eventually(world(), () => expect(kept).toHaveLength(batches.flat().length), 2_000);
        for (const [partition, values] of expected) expect(valuesOf(kept, partition)).toEqual(values);
        await consumption.stop();
      }),
      { numRuns: 12 },
    );
  });

  it('gives one batch over all partitions, and no more records than asked', async () => {
    await world().port.append(
      'four',
      [0, 1, 2, 3].flatMap((partition) => [entry(partition, 'a'), entry(partition, 'b')]),
    );
    const batches: LogRecord[][] = [];
    await consume('four', { maxBatch: 4, handle: async (records) => void batches.push([...records]) });
    await eventually(world(), () => expect(batches.flat()).toHaveLength(8));
    expect(new Set(batches[0]!.map((record) => record.partition))).toEqual(new Set([0, 1, 2, 3]));
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(4);
  });

  it('lets no partition starve behind a busy one', async () => {
    await world().port.append('four', [...Array.from({ length: 100 }, (_, nr) => entry(0, `${nr}`)), entry(3, 'quiet')]);
    const batches: LogRecord[][] = [];
    await consume('four', { maxBatch: 10, handle: async (records) => void batches.push([...records]) });
    await eventually(world(), () => expect(batches.flat()).toHaveLength(101));
    expect(valuesOf(batches[0]!)).toContain('quiet');
  });

  it('gives each partition its records in offset order without a hole', async () => {
    const seen = await collect('four', { maxBatch: 3 });
    for (let round = 0; round < 10; round++) await world().port.append('four', [entry(0, `${round}`), entry(3, `${round}`), entry(0, `${round}`)]);
    await eventually(world(), () => expect(seen).toHaveLength(30));
    for (const partition of [0, 3]) {
      const offsets = seen.filter((record) => record.partition === partition).map((record) => record.offset);
      expect(offsets).toEqual(offsets.map((_, index) => index));
    }
  });
};

const positions: Part = (world, collect, consume) => {
  it('tells its identity and its ends', async () => {
    const empty = await world().port.ends('four');
    expect(empty.partitions).toEqual([0, 1, 2, 3].map((partition) => ({ partition, from: 0, next: 0 })));
    await world().port.append('four', [entry(1, 'a'), entry(1, 'b')]);
    const after = await world().port.ends('four');
    expect(after.logId).toBe(empty.logId);
    expect(after.partitions[1]).toEqual({ partition: 1, from: 0, next: 2 });
    expect((await world().port.ends('one')).logId).not.toBe(empty.logId);
  });

  it('starts at the offset that the consumer names', async () => {
    await world().port.append('one', [entry(0, 'a'), entry(0, 'b'), entry(0, 'c')]);
    const seen = await collect('one', { start: async () => new Map([[0, 1]]) });
    await eventually(world(), () => expect(valuesOf(seen)).toEqual(['b', 'c']));
  });

  it('tells the consumer its partitions and the ends of its log', async () => {
    await world().port.append('one', [entry(0, 'a')]);
    const asked: unknown[] = [];
    await collect('one', {
      start: async (partitions, ends) => {
        asked.push([partitions, ends]);
        return new Map([[0, 1]]);
      },
    });
    await eventually(world(), () => expect(asked).toHaveLength(1));
    expect(asked[0]).toEqual([[0], await world().port.ends('one')]);
  });

  it.each([
    ['after the end', 2],
    ['before the beginning', -1],
    ['that is not a whole number', 0.5],
    ['that is missing', undefined],
  ])('ends with OffsetOutOfRange at an offset %s', async (_, offset) => {
    await world().port.append('one', [entry(0, 'a')]);
    const handled: unknown[] = [];
    const start = async (): Promise<Map<number, number>> => (offset === undefined ? new Map() : new Map([[0, offset]]));
    const { ended } = await world().port.consume('one', { group: null, start, handle: async (records) => void handled.push(records) });
    await expect(ended).rejects.toBeInstanceOf(OffsetOutOfRange);
    expect(handled).toEqual([]);
  });

  it('ends with OffsetOutOfRange, never with a jump, when the records were kept too short', async () => {
    await world().port.append('one', [entry(0, 'old'), entry(0, 'older')]);
    await world().advance(CONFORMANCE_TOPICS.one.retentionMs + 1_000);
    await world().port.append('one', [entry(0, 'young')]);
    await eventually(world(), async () => expect((await world().port.ends('one')).partitions[0]).toEqual({ partition: 0, from: 2, next: 3 }), 1_000);
    const { ended } = await world().port.consume('one', { group: null, start: async () => new Map([[0, 1]]), handle: async () => undefined });
    await expect(ended).rejects.toBeInstanceOf(OffsetOutOfRange);
    const seen = await collect('one');
    await eventually(world(), () => expect(valuesOf(seen)).toEqual(['young']));
  });

  it('ends with what start throws', async () => {
    const failure = new Error('another log');
    const start = async (): Promise<never> => Promise.reject(failure);
    const { ended } = await world().port.consume('one', { group: 'g', start, handle: async () => undefined });
    await expect(ended).rejects.toBe(failure);
    const seen = await collect('one', { group: 'g' });
    await world().port.append('one', [entry(0, 'free again')]);
    await eventually(world(), () => expect(valuesOf(seen)).toEqual(['free again']), 1_000);
  });

  it('refuses an append to a partition or topic that does not exist, and takes nothing of it', async () => {
    await expect(world().port.append('four', [entry(0, 'a'), entry(4, 'b')])).rejects.toThrow(RangeError);
    await expect(world().port.append('none', [entry(0, 'a')])).rejects.toThrow(RangeError);
    expect((await world().port.ends('four')).partitions[0]?.next).toBe(0);
  });

  it('stops after the batch in hand and handles nothing afterwards', async () => {
    let finish: () => void = () => undefined;
    const seen: string[] = [];
    const consumption = await consume('one', {
      maxBatch: 1,
      handle: async (records) => {
        seen.push(...valuesOf(records));
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    await world().port.append('one', [entry(0, 'a'), entry(0, 'b')]);
    await eventually(world(), () => expect(seen).toEqual(['a']));
    const stopped = consumption.stop();
    finish();
    await stopped;
    await consumption.ended;
    await world().port.append('one', [entry(0, 'c')]);
    await world().advance(3_000);
    expect(seen).toEqual(['a']);
  });
};

const failures: Part = (world, _collect, consume) => {
  it('gives the same batch again, after a back-off, when the handler throws', async () => {
    const batches: string[][] = [];
    await world().port.append('four', [entry(0, 'a'), entry(2, 'b')]);
    await consume('four', {
      handle: async (records) => {
        batches.push(valuesOf(records));
        if (batches.length >= 3) return;
        await world().port.append('four', [entry(1, 'meanwhile')]);
        throw new Error('not yet');
      },
    });
    await eventually(world(), () => expect(batches.length).toBeGreaterThanOrEqual(3), 1_000);
    expect(batches.slice(0, 3)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('asks start again when the handler throws Fenced', async () => {
    const starts: number[] = [];
    const seen: string[] = [];
    await world().port.append('one', [entry(0, 'a'), entry(0, 'b')]);
    await consume('one', {
      start: async () => {
        starts.push(starts.length);
        return new Map([[0, starts.length - 1]]);
      },
      handle: async (records) => {
        if (starts.length === 1) throw new Fenced('another owner');
        seen.push(...valuesOf(records));
      },
    });
    await eventually(world(), () => expect(seen).toEqual(['b']), 1_000);
    expect(starts).toHaveLength(2);
  });
};

const groups: Part = (world, collect, consume) => {
  it('gives each record to one consumer of a group, and to every consumer without a group', async () => {
    const [first, second] = [await collect('four', { group: 'g' }), await collect('four', { group: 'g' })];
    const [all, again] = [await collect('four'), await collect('four')];
    for (let round = 0; round < 5; round++)
      await world().port.append(
        'four',
        [0, 1, 2, 3].map((partition) => entry(partition, `${round}`)),
      );
    await eventually(world(), () => expect([first.length + second.length, all.length, again.length]).toEqual([20, 20, 20]), 1_000);
    await world().advance(3_000);
    expect(first.length + second.length).toBe(20);
  });

  it('lets groups read independently', async () => {
    const [one, other] = [await collect('one', { group: 'a' }), await collect('one', { group: 'b' })];
    await world().port.append('one', [entry(0, 'x')]);
    await eventually(world(), () => expect([valuesOf(one), valuesOf(other)]).toEqual([['x'], ['x']]), 1_000);
  });

  it('gives the partitions to another consumer of the group when the first ends, from the offset that it names', async () => {
    const first: LogRecord[] = [];
    const one = await consume('one', { group: 'g', handle: async (records) => void first.push(...records) });
    await world().port.append('one', [entry(0, 'a')]);
    await eventually(world(), () => expect(valuesOf(first)).toEqual(['a']), 1_000);
    const second = await collect('one', { group: 'g', start: async () => new Map([[0, 1]]) });
    await one.stop();
    await world().port.append('one', [entry(0, 'b')]);
    await eventually(world(), () => expect(valuesOf(second)).toEqual(['b']), 1_000);
    expect(valuesOf(first)).toEqual(['a']);
  });
};
