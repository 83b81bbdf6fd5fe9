// The Kafka of these tests, and topics of a test's own in it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRng } from '@parley/ports';
import type { World } from '@parley/ports/conformance';
import { Admin } from '@platformatic/kafka';
import { createKafkaEventLog, ensureTopics, type KafkaEventLog } from '../src/index.ts';

export type Client = 'platformatic' | 'kafkajs';
export const CLIENTS: readonly Client[] = ['platformatic', 'kafkajs'];

export const freshPrefix = (): string => `t${randomUUID().slice(0, 8)}.`;

export const connect = (brokers: string, topicPrefix: string, client: Client): KafkaEventLog =>
  createKafkaEventLog({ brokers, clientId: 'test', client, topicPrefix, clock: systemClock, rng: systemRng });

/** Admin calls that the adapter has no business with. */
export async function administer<T>(brokers: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'test-admin', bootstrapBrokers: [brokers], retries: 5, retryDelay: 200 });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** As if everything that is in the partition now had become too old. */
export async function trim(brokers: string, log: KafkaEventLog, topic: string, name: string): Promise<void> {
  const { partitions } = await log.ends(topic);
  const ends = partitions.map(({ partition, next }) => ({ partition, offset: BigInt(next) }));
  await administer(brokers, (admin) => admin.deleteRecords({ topics: [{ name, partitions: ends }] }));
}

type Topics = Readonly<Record<string, { readonly partitions: number; readonly retentionMs: number }>>;

/** For the conformance suite: real time runs by itself, only what takes a minute is done at once. */
export async function kafkaWorld(brokers: string, topics: Topics, client: Client): Promise<World<KafkaEventLog>> {
  const topicPrefix = freshPrefix();
  await ensureTopics({ brokers, profile: 'one', topics, topicPrefix });
  const port = connect(brokers, topicPrefix, client);
  return {
    port,
    advance: async (ms) => {
      if (ms > 60_000) await trim(brokers, port, 'one', `${topicPrefix}one`);
      else await sleep(Math.min(ms / 4, 300));
    },
    close: async () => {
      await port.close();
      await administer(brokers, (admin) => admin.deleteTopics({ topics: Object.keys(topics).map((name) => `${topicPrefix}${name}`) }));
    },
  };
}
