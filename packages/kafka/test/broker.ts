// The Kafka of these tests, and topics of a test's own in it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { missing } from '@parley/engines';
import { testKafka } from '@parley/engines/testing';
import { type EventLog, systemClock, systemRng } from '@parley/ports';
import type { World } from '@parley/ports/conformance';
import { Admin } from '@platformatic/kafka';
import { describe } from 'vitest';
import { createKafkaEventLog, ensureTopics, type KafkaEventLog } from '../src/index.ts';

export type Client = 'platformatic' | 'kafkajs';
export const CLIENTS: readonly Client[] = ['platformatic', 'kafkajs'];

const reason = missing('kafka');
export const describeKafka = describe.skipIf(reason !== null);
/** For a suite's name: why it is left out here. */
export const leftOut = reason === null ? '' : ` (left out: ${reason})`;

/** The broker of all test files; '' where there is none. */
export const brokers = reason === null ? (await testKafka()).brokers : '';

export const FOUR = { four: { partitions: 4, retentionMs: 3_600_000 } } as const;
export const WAIT = { timeout: 25_000, interval: 20 };
export const numbers = (count: number): string[] => Array.from({ length: count }, (_, nr) => `${nr}`);
export const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A record of this value in each of the four partitions. */
export const appendRound = (log: EventLog, value: string): Promise<void> =>
  log.append(
    'four',
    [0, 1, 2, 3].map((partition) => ({ partition, key: `${partition}`, value: encode(value) })),
  );

export interface Place {
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly client: Client;
  /** Another process' log, as it were; closed after the test. */
  readonly open: () => KafkaEventLog;
}

/** Fresh topics, and what is opened on them ends with the test. */
export async function place(client: Client, finished: (cleanup: () => Promise<void>) => void, at = brokers): Promise<Place> {
  const topicPrefix = freshPrefix();
  await ensureTopics({ brokers: at, profile: 'one', topics: FOUR, topicPrefix });
  const open = (): KafkaEventLog => {
    const log = connect(at, topicPrefix, client);
    finished(() => log.close());
    return log;
  };
  return { brokers: at, topicPrefix, client, open };
}

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
