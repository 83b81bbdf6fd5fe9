// Produces with kafkajs: acks of all, never idempotent, partitions as we number them. After a failure the connections are made anew.
import type { Kafka, Producer as KafkaJsProducer } from 'kafkajs';
import type { Producer } from '../client.ts';

const ACKS_ALL = -1;

export function createKafkaJsProducer(kafka: Kafka): Producer {
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
    send: async ({ topic, entries }, timeoutMs) => {
      current ??= open();
      const mine = current;
      const messages = entries.map(({ partition, key, value }) => ({ partition, key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }));
      try {
        await (await mine).send({ topic, acks: ACKS_ALL, timeout: Math.ceil(timeoutMs), messages });
      } catch (error) {
        if (current === mine) abandon();
        throw error;
      }
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
