// The broker dies, stalls and comes back: nothing acknowledged is lost, order is kept, consumers go on where they were, and people are told.
import { ownKafka } from '@parley/engines/testing';
import { LogUnavailable } from '@parley/ports';
import { expect, it, vi } from 'vitest';
import { appendUntil, firsts } from './append-until.ts';
import { CLIENTS, connect, describeKafka, encode, leftOut, place, WAIT } from './broker.ts';
import { createStore, storing } from './store.ts';

describeKafka.concurrent(`a broker that goes away${leftOut}`, () => {
  it('loses nothing that was acknowledged, and is waited for', async ({ onTestFinished }) => {
    const kafka = await ownKafka();
    onTestFinished(() => kafka.stop());
    const worlds = await Promise.all(
      CLIENTS.map(async (client) => {
        const { open } = await place(client, onTestFinished, kafka.url);
        const [log, store, alone] = [open(), createStore(), createStore()];
        await log.consume('four', storing(store, 'g'));
        await log.consume('four', storing(alone, null));
        return { client, log, store, alone, appender: appendUntil(log, 1) };
      }),
    );
    const committed = (more: number): void => {
      for (const { store, alone } of worlds) for (const one of [store, alone]) expect(one.count()).toBeGreaterThan(more);
    };
    await vi.waitFor(() => committed(20), WAIT);
    await kafka.kill();
    await vi.waitFor(() => expect(worlds.every(({ log }) => /Kafka at .* does not answer/.test(log.problems().join()))).toBe(true), WAIT);
    await vi.waitFor(() => expect(worlds.every(({ appender }) => appender.failures.length > 0)).toBe(true), WAIT);
    const before = worlds.map(({ store }) => store.count());
    await kafka.start();
    await vi.waitFor(() => committed(Math.max(...before) + 20), WAIT);
    // It hangs: connected, and silent.
    const failed = worlds.map(({ appender }) => appender.failures.length);
    kafka.pause();
    await vi.waitFor(() => expect(worlds.every(({ appender }, index) => appender.failures.length > failed[index]!)).toBe(true), WAIT);
    kafka.resume();
    for (const { client, log, store, alone, appender } of worlds) {
      const count = await appender.end();
      const expected = Array.from({ length: count }, (_, nr) => `${nr}`);
      await vi.waitFor(() => expect([client, firsts(store.valuesOf(1)).length, firsts(alone.valuesOf(1)).length]).toEqual([client, count, count]), WAIT);
      expect(firsts(store.valuesOf(1))).toEqual(expected);
      expect(firsts(alone.valuesOf(1))).toEqual(expected);
      expect(Math.max(...appender.failures)).toBeLessThan(4_500);
      await vi.waitFor(() => expect(log.problems()).toEqual([]), WAIT);
    }
  }, 120_000);

  it('may be away at the start: calls fail in words, and a consumer waits', async ({ onTestFinished }) => {
    const kafka = await ownKafka();
    onTestFinished(() => kafka.stop());
    const { topicPrefix } = await place('platformatic', onTestFinished, kafka.url);
    await kafka.kill();
    const worlds = await Promise.all(
      CLIENTS.map(async (client) => {
        const log = connect(kafka.url, topicPrefix, client);
        onTestFinished(() => log.close());
        const store = createStore();
        const began = performance.now();
        await expect(log.append('four', [{ partition: 0, key: 'k', value: encode('x') }])).rejects.toBeInstanceOf(LogUnavailable);
        await expect(log.ends('four')).rejects.toBeInstanceOf(LogUnavailable);
        expect(performance.now() - began).toBeLessThan(9_000);
        await log.consume('four', storing(store, client));
        expect(log.problems()).toHaveLength(1);
        return { client, log, store };
      }),
    );
    await kafka.start();
    for (const { client, log, store } of worlds) {
      await vi.waitFor(() => log.append('four', [{ partition: 0, key: 'k', value: encode('x') }]), WAIT);
      await vi.waitFor(() => expect([client, store.count() > 0]).toEqual([client, true]), WAIT);
    }
  }, 90_000);
});
