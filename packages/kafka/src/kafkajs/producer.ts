// Produces with kafkajs: acks of all, never idempotent, partitions as we number them. After a failure the connections are made anew. It names a
// topic by its name only: whether the records went into the log that they were meant for is asked afterwards.
import type { Kafka, Producer as KafkaJsProducer } from 'kafkajs';
import type { Producer } from '../client.ts';
import type { Cluster } from '../wire/cluster.ts';

const ACKS_ALL = -1;

export function createKafkaJsProducer(kafka: Kafka, cluster: Cluster): Producer {
  let current: Promise<KafkaJsProducer> | null = null;

  const open = async (): Promise<KafkaJsProducer> => {
    const fresh = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? -1,
    });
    await fresh.connect();
    return fresh;
  };
  const abandon = (): void => {
    const old = current;
    current = null;
    old?.then((one) => one.disconnect()).catch(() => undefined);
  };

  return {
    send: async ({ topic, logId, node, entries }, timeoutMs) => {
      current ??= open();
      const mine = current;
      const messages = entries.map(({ partition, key, value }) => ({ partition, key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }));
      try {
        await (await mine).send({ topic, acks: ACKS_ALL, timeout: Math.ceil(timeoutMs), messages });
      } catch (error) {
        if (current === mine) abandon();
        throw error;
      }
      if ((await cluster.identityAt(node, topic)) !== logId) throw new Error('the topic was made anew while records were sent');
      return new Map();
    },
    abandon,
    close: async () => {
      const last = current;
      current = null;
      await last?.then((one) => one.disconnect()).catch(() => undefined);
    },
  };
}
