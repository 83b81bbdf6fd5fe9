// The durable log in Kafka: the cluster's EventLog. An append is durable when it resolves, offsets are named by the consumer and never moved,
// and it connects by itself, again and again. Never looks into a value and never knows a service.
import { type Clock, consumeFrom, type EventLog, type LogConsumption, LogUnavailable, type Rng } from '@parley/ports';
import { createAppender } from './appender.ts';
import { createKafkaJs } from './kafkajs/kafka-js.ts';
import type { AdapterLogger } from './logger.ts';
import { createFetchReader } from './platformatic/fetch-reader.ts';
import { createGroupMember } from './platformatic/group-member.ts';
import { createPlatformaticProducer } from './platformatic/producer.ts';
import { createSource, type SourceEvents, type SourceParts } from './source.ts';
import { createCluster } from './wire/cluster.ts';
import { readEnds } from './wire/ends.ts';

export interface KafkaEventLogOptions {
  /** `host:port`, more of them with commas. */
  readonly brokers: string;
  /** Shown in Kafka's own logs and metrics. */
  readonly clientId: string;
  /** Default: platformatic. */
  readonly client?: 'platformatic' | 'kafkajs';
  /** Before every topic's and group's name: several installations may share a Kafka. */
  readonly topicPrefix?: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger?: AdapterLogger;
}

export interface KafkaEventLog extends EventLog {
  /** Stops consumers after the batch in hand, leaves their groups, sends what is queued, lets go of all connections. Idempotent. */
  close(): Promise<void>;
  /** In words, for people: Kafka does not answer, or a consumer may not go on. */
  problems(): readonly string[];
}

const ANSWER_MS = 4_000;
/** A consumer of a group is there when it has its part, which may take the others a heartbeat; Kafka may also be away. */
const JOIN_MS = 5_000;

/** Never throws because Kafka is away: calls fail with LogUnavailable, consumers wait, problems() says so. Throws when `brokers` is not host:port. */
export function createKafkaEventLog({ brokers, clientId, client, topicPrefix = '', clock, logger }: KafkaEventLogOptions): KafkaEventLog {
  const cluster = createCluster({ brokers, clientId, clock });
  const lane = cluster.lane(ANSWER_MS);
  const kafkaJs = client === 'kafkajs' ? createKafkaJs({ brokers, clientId, cluster }) : null;
  const appender = createAppender({ cluster, producer: kafkaJs?.producer() ?? createPlatformaticProducer(cluster), clock });
  const running = new Set<LogConsumption>();
  const ended = new Map<string, string>();
  let closing: Promise<void> | null = null;

  const nameOf = (topic: string): string => `${topicPrefix}${topic}`;
  const endsOf = (topic: string) => readEnds(cluster, lane, nameOf(topic));

  // Asked once: a topic that is another log later takes nothing from us. All appends wait for the one promise, so they are queued in the order of their calls, and a broker that hangs
  // costs them one deadline, not one for the question and one for the append.
  const known = new Map<string, Promise<{ id: string; count: number }>>();
  const knownOf = (name: string): Promise<{ id: string; count: number }> => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const asked = cluster.topic(name).then(({ id, leaders }) => ({ id, count: leaders.length }));
    known.set(name, asked);
    asked.catch(() => known.delete(name));
    return asked;
  };
  const identity = async (name: string, partition: number): Promise<string> => cluster.identityAt((await cluster.topic(name)).leaders[partition] ?? -1, name);

  /** kafkajs cannot read without a group: who has none reads by the other client in both cases. */
  const openParts = (topic: string, group: string | null, events: SourceEvents): SourceParts => {
    const deps = { cluster, topic: nameOf(topic), clock, logger, ...events };
    if (group === null) return { membership: null, reader: createFetchReader(deps) };
    // Named by topic too: members of one group must want the same topics.
    const full = { ...deps, group: `${topicPrefix}${group}.${topic}` };
    if (kafkaJs !== null) return kafkaJs.consumer({ ...full, ends: () => endsOf(topic), identity: (partition) => identity(nameOf(topic), partition) });
    return { membership: createGroupMember(full), reader: createFetchReader(deps) };
  };

  return {
    append: async (topic, entries) => {
      if (entries.length === 0) return;
      const { id, count } = await knownOf(nameOf(topic));
      for (const { partition } of entries) if (!(partition >= 0 && partition < count)) throw new RangeError(`${topic} has no partition ${partition}`);
      await appender.append(nameOf(topic), id, entries);
    },
    consume: async (topic, consumer) => {
      if (closing !== null) throw new LogUnavailable('The log is closed.');
      const source = createSource({ topic, open: (events) => openParts(topic, consumer.group, events), ends: () => endsOf(topic), clock });
      const consumption = consumeFrom(source, consumer, clock);
      const key = `${topic} for ${consumer.group ?? 'one consumer'}`;
      ended.delete(key);
      running.add(consumption);
      const over = consumption.ended
        .catch((error: Error) => {
          ended.set(key, `${key} is not read any more: ${error.message}`);
          logger?.error({ topic, group: consumer.group, err: error.message }, 'a consumer of the log may not go on');
        })
        .finally(() => running.delete(consumption));
      await Promise.race([source.joined, over, wait(clock, JOIN_MS)]);
      return consumption;
    },
    ends: async (topic) => endsOf(topic),
    problems: () => [...cluster.problems(), ...appender.problems(), ...ended.values()],
    close: async () => {
      closing ??= (async () => {
        await Promise.all([...running].map((one) => one.stop()));
        await appender.close();
        cluster.close();
      })();
      await closing;
    },
  };
}

const wait = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
