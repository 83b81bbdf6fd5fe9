// A log that is made anew, kept too short, fed garbage, or behind by more than fits in memory; and topics that are there already.
import { type LogConsumption, type LogRecord, LogUnavailable, OffsetOutOfRange } from '@parley/ports';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import { expect, it, vi } from 'vitest';
import { ensureTopics, type KafkaEventLog, TopicRefused } from '../src/index.ts';
import { administer, appendRound, brokers, CLIENTS, connect, describeKafka, encode, FOUR, freshPrefix, leftOut, numbers, place, trim, WAIT } from './broker.ts';
import { startChild } from './children.ts';
import { createStore, storing } from './store.ts';

/** Why it ended; the consumption must end. */
const endOf = (consumption: LogConsumption): Promise<unknown> =>
  consumption.ended.then(
    () => 'stopped',
    (error: unknown) => error,
  );

async function deleteTopic(topicPrefix: string): Promise<void> {
  const name = `${topicPrefix}four`;
  await administer(brokers, (admin) => admin.deleteTopics({ topics: [name] }));
  // Until then the old one may still be written to.
  await vi.waitFor(() => expect(administer(brokers, (admin) => admin.metadata({ topics: [name] }))).rejects.toThrow(/Unknown topic/), WAIT);
}

describeKafka.concurrent.each(CLIENTS)(`a log by %s${leftOut}`, (client) => {
  it.each([
    ['of a group', 'g'],
    ['without a group', null],
  ])('ends a consumer %s, and never jumps, when its topic was deleted and made anew', async (_, group) => {
    const finished: (() => Promise<void>)[] = [];
    const { open, topicPrefix } = await place(client, (cleanup) => finished.push(cleanup));
    const log = open();
    const store = createStore();
    for (const nr of numbers(10)) await appendRound(log, nr);
    const consumption = await log.consume('four', storing(store, group));
    await vi.waitFor(() => expect(store.count()).toBe(40), WAIT);
    await deleteTopic(topicPrefix);
    await ensureTopics({ brokers, profile: 'one', topics: FOUR, topicPrefix });
    const other = connect(brokers, topicPrefix, 'platformatic');
    finished.push(() => other.close());
    // More than there were: the old offsets exist in the new log too.
    for (const nr of numbers(20)) await appendRound(other, `new ${nr}`);
    expect(await endOf(consumption)).toBeInstanceOf(OffsetOutOfRange);
    expect(store.count()).toBe(40);
    expect(log.problems().join()).toMatch(/four for .* is not read any more: .*another log/);
    for (const cleanup of finished) await cleanup();
  });

  it.each([
    ['of a group', 'g'],
    ['without a group', null],
  ])('says that a topic was deleted, refuses appends, and ends a consumer %s that waits for it', async (_, group) => {
    const finished: (() => Promise<void>)[] = [];
    const { open, topicPrefix } = await place(client, (cleanup) => finished.push(cleanup));
    const log = open();
    const store = createStore();
    await appendRound(log, '0');
    const consumption = await log.consume('four', storing(store, group));
    await vi.waitFor(() => expect(store.count()).toBe(4), WAIT);
    await deleteTopic(topicPrefix);
    await vi.waitFor(() => expect(log.problems().join()).toMatch(/no topic .*four any more/), { ...WAIT, timeout: 6_000 });
    await expect(appendRound(log, '1')).rejects.toBeInstanceOf(LogUnavailable);
    expect(await endOf(consumption)).toBeInstanceOf(OffsetOutOfRange);
    expect(log.problems().join()).toMatch(/four for .* is not read any more: .*no topic/);
    for (const cleanup of finished) await cleanup();
  });

  it('calls no append done that went into another log of the same name', async () => {
    const finished: (() => Promise<void>)[] = [];
    const { open, topicPrefix } = await place(client, (cleanup) => finished.push(cleanup));
    const log = open();
    const done = new Set<string>();
    let [nr, running, deleted] = [0, true, false];
    const appending = (async () => {
      while (running) {
        const [value, before] = [`${nr++}`, !deleted];
        await appendRound(log, value).then(
          () => done.add(value),
          (error: unknown) => expect(error).toBeInstanceOf(LogUnavailable),
        );
        if (!before) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await vi.waitFor(() => expect(done.size).toBeGreaterThan(20), WAIT);
    await deleteTopic(topicPrefix);
    deleted = true;
    await ensureTopics({ brokers, profile: 'one', topics: FOUR, topicPrefix });
    await vi.waitFor(() => expect(log.problems().join()).toMatch(/four is another log now/), WAIT);
    running = false;
    await appending;
    const other = connect(brokers, topicPrefix, 'platformatic');
    finished.push(() => other.close());
    const seen: string[] = [];
    await appendRound(other, 'last');
    await other.consume('four', {
      group: null,
      start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
      handle: async (records) => void seen.push(...records.map(({ value }) => new TextDecoder().decode(value))),
    });
    await vi.waitFor(() => expect(seen.filter((value) => value === 'last')).toHaveLength(4), WAIT);
    expect(seen.filter((value) => done.has(value))).toEqual([]);
    // Who names the log by its identity does not even write into the other one.
    if (client === 'platformatic') expect(seen).toEqual(['last', 'last', 'last', 'last']);
    for (const cleanup of finished) await cleanup();
  });

  it('ends a consumer, and never jumps, when what it has not read yet was kept too short', async ({ onTestFinished }) => {
    const { open, topicPrefix } = await place(client, onTestFinished);
    const log = open();
    const seen: LogRecord[] = [];
    const go = Promise.withResolvers<void>();
    const big = new Uint8Array(200_000);
    // More than is read ahead.
    for (let nr = 0; nr < 60; nr++) await log.append('four', [{ partition: 0, key: 'k', value: big }]);
    const consumption = await log.consume('four', {
      group: 'g',
      maxBatch: 1,
      start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
      handle: async (records) => {
        seen.push(...records);
        await go.promise;
      },
    });
    await vi.waitFor(() => expect(seen).toHaveLength(1), WAIT);
    await trim(brokers, log, 'four', `${topicPrefix}four`);
    await log.append('four', [{ partition: 0, key: 'k', value: encode('young') }]);
    go.resolve();
    expect(await endOf(consumption)).toBeInstanceOf(OffsetOutOfRange);
    expect(seen.map((record) => record.offset)).toEqual(seen.map((_, index) => index));
    expect(seen.length).toBeLessThan(60);
    expect(log.problems()).toHaveLength(1);
  });

  it('hands out garbage as the bytes that it is', async ({ onTestFinished }) => {
    const { open, topicPrefix } = await place(client, onTestFinished);
    const log = open();
    const stranger = new Producer({ clientId: 'stranger', bootstrapBrokers: [brokers] });
    onTestFinished(() => stranger.close());
    const topic = `${topicPrefix}four`;
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80]);
    const messages = [
      { topic, partition: 0, key: bytes, value: bytes },
      { topic, partition: 0, value: Buffer.alloc(0) },
    ];
    await stranger.send({ acks: ProduceAcks.ALL, messages });
    const seen: LogRecord[] = [];
    const start = async (partitions: readonly number[]): Promise<Map<number, number>> => new Map(partitions.map((partition) => [partition, 0]));
    await log.consume('four', { group: 'g', start, handle: async (records) => void seen.push(...records) });
    await vi.waitFor(() => expect(seen).toHaveLength(2), WAIT);
    expect([...seen[0]!.value]).toEqual([...bytes]);
    expect([seen[1]!.key, seen[1]!.value.byteLength]).toEqual(['', 0]);
  });

  it('stays within 512 MB while it is far behind on 48 partitions', async ({ onTestFinished }) => {
    const topicPrefix = freshPrefix();
    const topics = { four: { partitions: 48, retentionMs: 3_600_000 } };
    await ensureTopics({ brokers, profile: 'one', topics, topicPrefix });
    await administer(brokers, (admin) =>
      admin.incrementalAlterConfigs({
        resources: [{ resourceType: 2, resourceName: `${topicPrefix}four`, configs: [{ name: 'flush.messages', configOperation: 1 }] }],
      }),
    );
    const log: KafkaEventLog = connect(brokers, topicPrefix, 'platformatic');
    onTestFinished(() => log.close());
    const value = new Uint8Array(20_000);
    const [each, partitions] = [130, Array.from({ length: 48 }, (_, partition) => partition)];
    for (let nr = 0; nr < each; nr += 10) {
      const ten = partitions.flatMap((partition) => Array.from({ length: 10 }, () => ({ partition, key: 'k', value })));
      await log.append('four', ten);
    }
    const store = createStore();
    const child = startChild(store, { brokers, topicPrefix, client, delayMs: 5, execArgv: ['--max-old-space-size=96'] });
    onTestFinished(child.end);
    await vi.waitFor(() => expect(store.count()).toBe(48 * each), { timeout: 40_000, interval: 100 });
    expect(child.maxRss).toBeLessThan(512 * 1024 * 1024);
  }, 60_000);
});

describeKafka(`topics${leftOut}`, () => {
  it('are made as they must be to lose nothing, once', async () => {
    const topicPrefix = freshPrefix();
    await ensureTopics({ brokers, profile: 'one', topics: FOUR, topicPrefix });
    await ensureTopics({ brokers, profile: 'one', topics: FOUR, topicPrefix });
    const [found] = await administer(brokers, (admin) => admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: `${topicPrefix}four` }] }));
    const configs = Object.fromEntries(found!.configs.map(({ name, value }) => [name, value]));
    expect(configs).toMatchObject({
      'cleanup.policy': 'delete',
      'flush.messages': '1',
      'retention.ms': '3600000',
      'unclean.leader.election.enable': 'false',
      'min.insync.replicas': '1',
    });
  });

  it('are refused, with what to do, when they have another number of partitions', async () => {
    const topicPrefix = freshPrefix();
    // Until then the old one may still be written to.
    await vi.waitFor(() => expect(administer(brokers, (admin) => admin.metadata({ topics: [`${topicPrefix}four`] }))).rejects.toThrow(/Unknown topic/), WAIT);
    await ensureTopics({ brokers, profile: 'one', topics: FOUR, topicPrefix });
    const other = { four: { partitions: 8, retentionMs: 3_600_000 } };
    const refused = ensureTopics({ brokers, profile: 'one', topics: other, topicPrefix });
    await expect(refused).rejects.toBeInstanceOf(TopicRefused);
    await expect(refused).rejects.toThrow(/has 4 partitions, not 8.*use the profile/);
  });
});
