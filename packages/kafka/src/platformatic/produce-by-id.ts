// Kafka's produce request, version 13 (Kafka 4.1): it names a topic by its id, so that a broker itself refuses records that are meant for
// another log of the same name. The library ends at version 11, which asks by name; this is spelled with its own writer and reader.
import { createAPI, createRecordsBatch, type MessageRecord, type Reader, Writer } from '@platformatic/kafka';

export interface TakenPartition {
  readonly index: number;
  /** 0: it has the records. */
  readonly errorCode: number;
}

export const PRODUCE_KEY = 0;
export const PRODUCE_BY_ID = 13;

const ACKS_ALL = -1;

function createRequest(topicId: string, timeoutMs: number, messages: readonly MessageRecord[]): Writer {
  const byPartition = [...Map.groupBy(messages, (message) => message.partition ?? 0)];
  return Writer.create()
    .appendString(null)
    .appendInt16(ACKS_ALL)
    .appendInt32(timeoutMs)
    .appendArray([byPartition], (topic, partitions) => {
      topic.appendUUID(topicId).appendArray(partitions, (writer, [partition, own]) => {
        const records = createRecordsBatch(own);
        writer
          .appendInt32(partition)
          .appendUnsignedVarInt(records.length + 1)
          .appendFrom(records);
      });
    })
    .appendTaggedFields();
}

/** Every partition's answer, also when some were refused. */
function parseResponse(_correlation: number, _key: number, _version: number, reader: Reader): readonly TakenPartition[] {
  const topics = reader.readArray((topic) => {
    topic.readUUID();
    return topic.readArray(readPartition);
  });
  // How long it would have us wait.
  reader.readInt32();
  reader.readTaggedFields();
  return topics.flat();
}

function readPartition(reader: Reader): TakenPartition {
  const [index, errorCode] = [reader.readInt32(), reader.readInt16()];
  // Offset, time of the append, beginning of the log.
  for (let field = 0; field < 3; field++) reader.readInt64();
  reader.readArray((one) => [one.readInt32(), one.readNullableString()]);
  reader.readNullableString();
  return { index, errorCode };
}

export const produceById = createAPI<Parameters<typeof createRequest>, readonly TakenPartition[]>(PRODUCE_KEY, PRODUCE_BY_ID, createRequest, parseResponse);
