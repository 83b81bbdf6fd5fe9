// The promise of Feed, a test for each sentence.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '../feed.ts';
import { eventually, type World } from './world.ts';

/** Bounds that the factory must give its feed; a store that waits for real may be tested with a shorter age. */
export const CONFORMANCE_TAIL = { maxTailBytes: 1_000, maxTailAgeMs: 10_000 } as const;

const ignore = (): void => undefined;

export function feedConformance(name: string, factory: () => Promise<World<Feed>>, maxTailAgeMs: number = CONFORMANCE_TAIL.maxTailAgeMs): void {
  describe(`Feed: ${name}`, () => {
    let world: World<Feed>;
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(() => world.close());

    delivery(() => world);
    tails(() => world, maxTailAgeMs);
  });
}

function delivery(world: () => World<Feed>): void {
  it('reaches those who are subscribed now, in publish order, and nobody else', async () => {
    const [here, elsewhere, late]: unknown[][] = [[], [], []];
    await world().port.subscribe('room:1', ({ payload }) => here!.push(payload), ignore);
    await world().port.subscribe('room:2', ({ payload }) => elsewhere!.push(payload), ignore);
    await world().port.publish(Array.from({ length: 20 }, (_, n) => ({ channel: 'room:1', payload: { n } })));
    await world().port.publish([{ channel: 'room:1', payload: { n: 20 } }]);
    await eventually(world(), () => expect(here).toEqual(Array.from({ length: 21 }, (_, n) => ({ n }))));
    await world().port.subscribe('room:1', ({ payload }) => late!.push(payload), ignore);
    await world().port.publish([{ channel: 'room:1', payload: 'now' }]);
    await eventually(world(), () => expect(late).toEqual(['now']));
    expect(elsewhere).toEqual([]);
  });

  it('hands each message at most once to each subscriber of a channel', async () => {
    const [one, other]: unknown[][] = [[], []];
    await world().port.subscribe('c', ({ payload }) => one!.push(payload), ignore);
    await world().port.subscribe('c', ({ payload }) => other!.push(payload), ignore);
    await world().port.publish([{ channel: 'c', payload: 1 }]);
    await eventually(world(), () => expect([one, other]).toEqual([[1], [1]]));
    await world().advance(1_000);
    expect([one, other]).toEqual([[1], [1]]);
  });

  it('does not call the listener after unsubscribe resolved', async () => {
    const [seen, control]: unknown[][] = [[], []];
    const subscription = await world().port.subscribe('c', ({ payload }) => seen!.push(payload), ignore);
    await world().port.subscribe('c', ({ payload }) => control!.push(payload), ignore);
    await subscription.unsubscribe();
    await world().port.publish([{ channel: 'c', payload: 1 }]);
    await eventually(world(), () => expect(control).toEqual([1]));
    expect(seen).toEqual([]);
  });

  it('tells a listener that failed that it lost something, and spares the others', async () => {
    const seen: unknown[] = [];
    let lost = 0;
    const fail = (): never => {
      throw new Error('listener');
    };
    await world().port.subscribe('c', fail, () => lost++);
    await world().port.subscribe('c', ({ payload }) => seen.push(payload), ignore);
    await world().port.publish([{ channel: 'c', payload: 1 }]);
    await eventually(world(), () => expect([seen, lost]).toEqual([[1], 1]));
  });

  it('keeps the order when a listener publishes', async () => {
    const [first, second]: unknown[][] = [[], []];
    await world().port.subscribe(
      'c',
      ({ payload }) => {
        first!.push(payload);
        if (payload === 1) void world().port.publish([{ channel: 'c', payload: 2 }]);
      },
      ignore,
    );
    await world().port.subscribe('c', ({ payload }) => second!.push(payload), ignore);
    await world().port.publish([{ channel: 'c', payload: 1 }]);
    await eventually(world(), () =>
      expect([first, second]).toEqual([
        [1, 2],
        [1, 2],
      ]),
    );
  });
}

function tails(world: () => World<Feed>, maxTailAgeMs: number): void {
  const publish = (from: number, to: number, payload: unknown = { from, to }): Promise<void> =>
    world().port.publish([{ channel: 'room:1', payload, tail: { from, to } }]);

  it('gives the tail from a position on, contiguous and in order', async () => {
    for (const [from, to] of [
      [5, 5],
      [6, 8],
      [9, 9],
    ] as const)
      await publish(from, to);
    expect(await world().port.since('room:1', 4)).toEqual([
      { from: 5, to: 5 },
      { from: 6, to: 8 },
      { from: 9, to: 9 },
    ]);
    expect(await world().port.since('room:1', 8)).toEqual([{ from: 9, to: 9 }]);
    expect(await world().port.since('room:1', 9)).toEqual([]);
  });

  it('gives the payload that a position falls into', async () => {
    await publish(1, 4);
    expect(await world().port.since('room:1', 2)).toEqual([{ from: 1, to: 4 }]);
  });

  it('answers null for what it has not: too old, never kept, not yet there, without a tail', async () => {
    await publish(5, 5);
    expect(await world().port.since('room:1', 3)).toBeNull();
    expect(await world().port.since('room:1', 6)).toBeNull();
    expect(await world().port.since('room:2', 0)).toBeNull();
    await world().port.publish([{ channel: 'now:1', payload: 1 }]);
    expect(await world().port.since('now:1', 0)).toBeNull();
  });

  it('begins the tail anew at what does not continue it', async () => {
    await publish(1, 1);
    await publish(3, 3);
    expect(await world().port.since('room:1', 0)).toBeNull();
    expect(await world().port.since('room:1', 2)).toEqual([{ from: 3, to: 3 }]);
  });

  it('stays contiguous when a publisher repeats from an earlier position', async () => {
    for (const seq of [1, 2, 3]) await publish(seq, seq);
    for (const seq of [2, 3, 4]) await publish(seq, seq, `again ${seq}`);
    expect(await world().port.since('room:1', 0)).toEqual([{ from: 1, to: 1 }, 'again 2', 'again 3', 'again 4']);
  });

  it('bounds the tail by bytes', async () => {
    for (let seq = 1; seq <= 30; seq++) await publish(seq, seq, 'x'.repeat(100));
    expect(await world().port.since('room:1', 0)).toBeNull();
    expect((await world().port.since('room:1', 25))?.length).toBe(5);
    expect((await world().port.since('room:1', 21))?.length).toBe(9);
    expect(await world().port.since('room:1', 20)).toBeNull();
  });

  it('bounds the tail by age', async () => {
    await publish(1, 1);
    await world().advance(maxTailAgeMs * 0.5);
    await publish(2, 2);
    await world().advance(maxTailAgeMs * 0.6);
    expect(await world().port.since('room:1', 0)).toBeNull();
    expect(await world().port.since('room:1', 1)).toEqual([{ from: 2, to: 2 }]);
    await world().advance(maxTailAgeMs);
    expect(await world().port.since('room:1', 1)).toBeNull();
  });
}
