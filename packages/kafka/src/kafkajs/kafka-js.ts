// kafkajs as the second client: it produces and holds a place in a group by its own public ways. What it cannot do (topic ids, reading without a
// group) is asked through the cluster's own requests.
import { Kafka, logLevel } from 'kafkajs';
import type { Producer } from '../client.ts';
import type { SourceParts } from '../source.ts';
import type { Cluster } from '../wire/cluster.ts';
import { createKafkaJsConsumer, type KafkaJsConsumerDeps } from './consumer.ts';
import { createKafkaJsProducer } from './producer.ts';
import { quietKafkaJsTimers } from './quiet-timer.ts';

export interface KafkaJs {
  producer(): Producer;
  consumer(deps: Omit<KafkaJsConsumerDeps, 'kafka'>): SourceParts;
}

export function createKafkaJs({ brokers, clientId, cluster }: { brokers: string; clientId: string; cluster: Cluster }): KafkaJs {
  quietKafkaJsTimers();
  const all = brokers.split(',').map((one) => one.trim());
  let turn = 0;
  const kafka = new Kafka({
    clientId,
    // Asked for each first connect. Given as a list, every new producer begins with the first one: while that is down, none comes up.
    brokers: () => [all[turn++ % all.length] ?? ''],
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    // Who calls tries again, within a deadline of its own.
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  return {
    producer: () => createKafkaJsProducer(kafka, cluster),
    consumer: (deps) => createKafkaJsConsumer({ ...deps, kafka }),
  };
}
