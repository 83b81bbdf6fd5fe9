// Consumers of a group that die, stall, come and go: each record is committed once, in order, whoever thinks it still holds the partition.
import { expect, it, vi } from 'vitest';
import { appendRound, brokers, CLIENTS, connect, describeKafka, leftOut, numbers, place, WAIT } from './broker.ts';
import { type ConsumerChild, startChild } from './children.ts';
import { createStore, storing } from './store.ts';

const child = (finished: (cleanup: () => Promise<void>) => void, ...args: Parameters<typeof startChild>): ConsumerChild => {
  const started = startChild(...args);
  finished(started.end);
  return started;
};

describeKafka.concurrent.each(CLIENTS)(`a group by %s${leftOut}`, (client) => {
  it('commits each record once when a consumer is killed in the middle of a batch', async ({ onTestFinished }) => {
    const { open, ...at } = await place(client, onTestFinished);
    const store = createStore();
    const log = open();
    for (const nr of numbers(50)) await appendRound(log, nr);
    let killed = false;
    const first = child(onTestFinished, store, {
      ...at,
      maxBatch: 20,
      beforeCommit: async (count, self) => {
        if (count < 3) return;
        await self.end();
        killed = true;
      },
    });
    await vi.waitFor(() => expect(killed).toBe(true), WAIT);
    expect(first.outcomes).toEqual(['ok', 'ok']);
    const second = child(onTestFinished, store, { ...at, maxBatch: 20 });
    await vi.waitFor(() => expect(store.count()).toBe(200), WAIT);
    for (const partition of [0, 1, 2, 3]) expect(store.valuesOf(partition)).toEqual(numbers(50));
    expect(second.outcomes).not.toContain('fenced');
  });

  it('asks a consumer that was stopped past its session to start again, and its late batch is fenced', async ({ onTestFinished }) => {
    const { open, ...at } = await place(client, onTestFinished);
    const store = createStore();
    const log = open();
    for (const nr of numbers(20)) await appendRound(log, nr);
    const woken = Promise.withResolvers<void>();
    const zombie = child(onTestFinished, store, {
      ...at,
      maxBatch: 20,
      beforeCommit: async (count, self) => {
        if (count !== 2) return;
        self.process.kill('SIGSTOP');
        await woken.promise;
      },
    });
    await vi.waitFor(() => expect(zombie.outcomes).toEqual(['ok']), WAIT);
    const heir = child(onTestFinished, store, { ...at, maxBatch: 20 });
    await vi.waitFor(() => expect(store.count()).toBe(80), WAIT);
    zombie.process.kill('SIGCONT');
    woken.resolve();
    await vi.waitFor(() => expect(zombie.outcomes[1]).toBe('fenced'), WAIT);
    // It is a member again: both have their half, and go on where the store says.
    await vi.waitFor(() => expect([zombie.starts.at(-1)?.length, heir.starts.at(-1)?.length]).toEqual([2, 2]), WAIT);
    for (const nr of numbers(40).slice(20)) await appendRound(log, nr);
    await vi.waitFor(() => expect(store.count()).toBe(160), WAIT);
    for (const partition of [0, 1, 2, 3]) expect(store.valuesOf(partition)).toEqual(numbers(40));
  });

  it('divides the partitions anew when a consumer joins or leaves, at once when it leaves in words', async ({ onTestFinished }) => {
    const { open } = await place(client, onTestFinished);
    const store = createStore();
    const starts: (readonly number[])[][] = [[], [], []];
    const logs = [open(), open(), open()];
    const heldBy = (): number[][] => starts.map((own) => [...(own.at(-1) ?? [])]);
    await logs[0]!.consume('four', storing(store, 'g', starts[0]));
    await logs[1]!.consume('four', storing(store, 'g', starts[1]));
    const appender = open();
    const appending = (async () => {
      for (const nr of numbers(300)) {
        await appendRound(appender, nr);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await vi.waitFor(() => expect(heldBy().map((own) => own.length)).toEqual([2, 2, 0]), WAIT);
    const third = await logs[2]!.consume('four', storing(store, 'g', starts[2]));
    await vi.waitFor(
      () =>
        expect(
          heldBy()
            .map((own) => own.length)
            .sort(),
        ).toEqual([1, 1, 2]),
      WAIT,
    );
    const left = performance.now();
    await third.stop();
    await vi.waitFor(() => expect(heldBy()[0]!.length + heldBy()[1]!.length).toBe(4), WAIT);
    // A heartbeat of the others and a join, not the session of one who died.
    expect(performance.now() - left).toBeLessThan(4_500);
    await appending;
    await vi.waitFor(() => expect(store.count()).toBe(1_200), WAIT);
    for (const partition of [0, 1, 2, 3]) expect(store.valuesOf(partition)).toEqual(numbers(300));
  });

  it('keeps its place while a batch is handled for longer than a session lasts', async ({ onTestFinished }) => {
    const { open } = await place(client, onTestFinished);
    const store = createStore();
    const starts: (readonly number[])[] = [];
    const log = open();
    const consumer = storing(store, 'g', starts);
    let slow = true;
    await log.consume('four', {
      ...consumer,
      handle: async (records) => {
        if (slow) await new Promise((resolve) => setTimeout(resolve, 8_000));
        slow = false;
        await consumer.handle(records);
      },
    });
    await appendRound(log, '0');
    await vi.waitFor(() => expect(store.count()).toBe(4), WAIT);
    await appendRound(log, '1');
    await vi.waitFor(() => expect(store.count()).toBe(8), WAIT);
    expect(starts).toHaveLength(1);
  });
});

describeKafka(`a group of both clients${leftOut}`, () => {
  it('divides the partitions between them, so that one can be exchanged for the other while it runs', async ({ onTestFinished }) => {
    const { open, topicPrefix } = await place('platformatic', onTestFinished);
    const kafkaJs = connect(brokers, topicPrefix, 'kafkajs');
    onTestFinished(() => kafkaJs.close());
    const store = createStore();
    const starts: (readonly number[])[][] = [[], []];
    const log = open();
    await log.consume('four', storing(store, 'g', starts[0]));
    await kafkaJs.consume('four', storing(store, 'g', starts[1]));
    await vi.waitFor(() => expect(starts.map((own) => own.at(-1)?.length)).toEqual([2, 2]), WAIT);
    await appendRound(log, '0');
    await appendRound(kafkaJs, '1');
    await vi.waitFor(() => expect(store.count()).toBe(8), WAIT);
    for (const partition of [0, 1, 2, 3]) expect(store.valuesOf(partition)).toEqual(['0', '1']);
  });
});
