// Produces with @platformatic/kafka's own protocol calls: one request to one broker, acks of all, never idempotent (that would retry for ever).
// The request names the log by its identity where the broker knows that (Kafka 4.1); else it goes by name and the identity is asked afterwards.
import { apiVersionsV3, type Connection, produceV9 } from '@platformatic/kafka';
import type { Batch, Producer } from '../client.ts';
import type { Cluster } from '../wire/cluster.ts';
import { answerOf } from '../wire/codes.ts';
import { PRODUCE_BY_ID, PRODUCE_KEY, produceById, type TakenPartition } from './produce-by-id.ts';

const ACKS_ALL = -1;
const TIMEOUT_MS = 5_000;

interface Answer {
  readonly responses: readonly { readonly partitionResponses: readonly TakenPartition[] }[];
}

export function createPlatformaticProducer(cluster: Cluster): Producer {
  const lane = cluster.lane(TIMEOUT_MS);
  /** Of a connection, not of a node: a broker may come back in another version. */
  const known = new WeakMap<Connection, Promise<boolean>>();
  const knowsIds = (connection: Connection): Promise<boolean> => {
    const asked = known.get(connection) ?? asksForIds(connection);
    known.set(connection, asked);
    return asked;
  };
  const sendByName = async (connection: Connection, { topic, logId, node }: Batch, timeoutMs: number, messages: ReturnType<typeof messagesOf>) => {
    const answer = await produceV9.api.async(connection, ACKS_ALL, timeoutMs, messages).catch((error: unknown) => {
      const partial = answerOf<Answer>(error);
      if (partial === null) throw error;
      return partial;
    });
    if (typeof answer === 'boolean') throw new Error('Kafka did not say whether it took the records');
    if ((await cluster.identityAt(node, topic)) !== logId) throw new Error('the topic was made anew while records were sent');
    return answer.responses.flatMap((one) => one.partitionResponses);
  };
  return {
    send: async (batch, timeoutMs) => {
      const messages = messagesOf(batch);
      const patience = Math.ceil(timeoutMs);
      const answers = await lane.call(batch.node, async (connection) =>
        (await knowsIds(connection)) ? produceById.async(connection, batch.logId, patience, messages) : sendByName(connection, batch, patience, messages),
      );
      return new Map(answers.filter((one) => one.errorCode !== 0).map((one) => [one.index, `Kafka's error ${one.errorCode}`]));
    },
    abandon: lane.cut,
    close: async () => lane.cut(),
  };
}

async function asksForIds(connection: Connection): Promise<boolean> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, 'parley', '1');
  return apiKeys.some(({ apiKey, maxVersion }) => apiKey === PRODUCE_KEY && maxVersion >= PRODUCE_BY_ID);
}

const messagesOf = ({ topic, entries }: Batch) => {
  const now = BigInt(Date.now());
  return entries.map(({ partition, key, value }) => ({ topic, partition, timestamp: now, key: Buffer.from(key), value: bufferOf(value) }));
};

const bufferOf = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
