// Produces with @platformatic/kafka's own protocol calls: one request to one broker, acks of all, never idempotent (that would retry for ever).
import { produceV9 } from '@platformatic/kafka';
import type { Producer } from '../client.ts';
import type { Cluster } from '../wire/cluster.ts';
import { answerOf } from '../wire/codes.ts';

const ACKS_ALL = -1;
const TIMEOUT_MS = 5_000;

interface Answer {
  readonly responses: readonly { readonly partitionResponses: readonly { readonly index: number; readonly errorCode: number }[] }[];
}

export function createPlatformaticProducer(cluster: Cluster): Producer {
  const lane = cluster.lane(TIMEOUT_MS);
  return {
    send: async ({ topic, node, entries }, timeoutMs) => {
      const messages = entries.map(({ partition, key, value }) => ({ topic, partition, key: Buffer.from(key), value: bufferOf(value) }));
      const answer = await lane
        .call(node, (connection) => produceV9.api.async(connection, ACKS_ALL, Math.ceil(timeoutMs), messages))
        .catch((error: unknown) => {
          const partial = answerOf<Answer>(error);
          if (partial === null) throw error;
          return partial;
        });
      if (typeof answer === 'boolean') throw new Error('Kafka did not say whether it took the records');
      const answers = answer.responses.flatMap((one) => one.partitionResponses);
      return new Map(answers.filter((one) => one.errorCode !== 0).map((one) => [one.index, `Kafka's error ${one.errorCode}`]));
    },
    abandon: lane.cut,
    close: async () => lane.cut(),
  };
}

const bufferOf = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
