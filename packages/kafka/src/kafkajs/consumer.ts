// A place in a group and what is read by it, with kafkajs. It would move a position by itself when an offset is out of range: here everything is
// paused until the consumer has named its offsets, each record is checked against them, and the log's ends and identity are looked at besides.
import { type Clock, type LogEnds, type LogRecord, OffsetOutOfRange } from '@parley/ports';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Held, Membership, Reader } from '../client.ts';
import type { AdapterLogger } from '../logger.ts';
import { HEARTBEAT_MS, REBALANCE_MS, SESSION_MS } from '../platformatic/group-member.ts';
import { createRecordBuffer } from '../record-buffer.ts';
import type { SourceEvents, SourceParts } from '../source.ts';
import { TopicGone } from '../wire/cluster.ts';

export interface KafkaJsConsumerDeps extends SourceEvents {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topic: string;
  readonly ends: () => Promise<LogEnds>;
  /** The log's identity as the partition's leader has it now. */
  readonly identity: (partition: number) => Promise<string>;
  readonly clock: Clock;
  readonly logger: AdapterLogger | undefined;
}

const WAIT_MS = 200;
const PARTITION_BYTES = 512 * 1024;
const ANSWER_BYTES = 2 * 1024 * 1024;
/** What may lie read ahead before a partition is paused, for each of them and for all. */
const AHEAD_BYTES = { partition: 512 * 1024, all: 4 * 1024 * 1024 };
const VERIFY_MS = 2_000;
const AGAIN_MS = 300;
const LEAVE_MS = 3_000;

export function createKafkaJsConsumer({ kafka, group, topic, ends, identity, clock, logger, grew, moved, lost }: KafkaJsConsumerDeps): SourceParts {
  const buffer = createRecordBuffer();
  const paused = new Set<number>();
  let consumer: Consumer | null = null;
  let held: Held | null = null;
  let generation = 0;
  let era = 0;
  let logId = '';
  let failed: OffsetOutOfRange | null = null;
  let left = false;
  let gap: string | null = null;
  let telling = false;

  const hold = (partitions: readonly number[] | null): void => {
    held = partitions === null ? null : { generation: ++generation, partitions: [...partitions].sort((a, b) => a - b) };
    moved();
  };
  /** What came in one answer is told together: a batch spans all partitions. */
  const tell = (): void => {
    if (telling) return;
    telling = true;
    setImmediate(() => {
      telling = false;
      grew();
    });
  };
  const fail = (why: string): void => {
    failed ??= new OffsetOutOfRange(`${topic}: ${why}`);
    grew();
  };
  /** False: the position is not in this log, or it cannot be told. */
  const verify = async (): Promise<boolean> => {
    const mine = era;
    const before = new Map(buffer.partitions().map((partition) => [partition, buffer.wanted(partition) ?? 0]));
    const now = await ends().catch((error: unknown) => {
      if (error instanceof TopicGone) lost(new OffsetOutOfRange(error.message));
      return null;
    });
    if (now === null || mine !== era || failed !== null) return false;
    if (before.size > 0 && now.logId !== logId) fail(`it is another log now: ${now.logId}, not ${logId}`);
    for (const { partition, from, next } of now.partitions) {
      const [was, is] = [before.get(partition), buffer.wanted(partition)];
      if (was === undefined || is === undefined || (is >= from && was <= next)) continue;
      fail(`partition ${partition}: offset ${is} is not within [${from}, ${next}] of the log`);
    }
    return failed === null;
  };
  const take = async ({ batch, isStale }: EachBatchPayload): Promise<void> => {
    const { partition } = batch;
    const wanted = buffer.wanted(partition);
    if (isStale() || wanted === undefined || failed !== null) return;
    const records = batch.messages.map((message): LogRecord => {
      return { partition, offset: Number(message.offset), key: message.key?.toString() ?? '', value: message.value ?? new Uint8Array(0) };
    });
    // kafkajs asks for a topic by its name: only who looked after the answer knows that it was of the same log.
    const mine = era;
    const now = await identity(partition).catch(() => null);
    if (mine !== era || failed !== null) return;
    if (now === null || now !== logId) return goBack(partition);
    if (records[0]?.offset !== wanted || buffer.push(partition, records) !== 'taken') return goBack(partition);
    if (buffer.bytesOf(partition) > AHEAD_BYTES.partition || buffer.bytes() > AHEAD_BYTES.all) {
      paused.add(partition);
      consumer?.pause([{ topic, partitions: [partition] }]);
    }
    tell();
  };
  /** kafkajs is somewhere else than we asked: it is sent back once; a second time at the same offset there is a hole. */
  const goBack = async (partition: number): Promise<void> => {
    const wanted = buffer.wanted(partition) ?? 0;
    const place = `${era}/${partition}/${wanted}`;
    const mine = era;
    const sure = await verify();
    if (mine !== era || failed !== null) return;
    if (sure && gap === place) {
      fail(`partition ${partition}: offset ${wanted} is gone, the log goes on after it`);
      return;
    }
    if (sure) gap = place;
    consumer?.seek({ topic, partition, offset: String(wanted) });
  };

  const session = async (): Promise<void> => {
    const own = kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: WAIT_MS,
      maxBytes: ANSWER_BYTES,
      maxBytesPerPartition: PARTITION_BYTES,
      allowAutoTopicCreation: false,
      readUncommitted: true,
      retry: { retries: 2, initialRetryTime: 100, restartOnFailure: async () => false },
    });
    consumer = own;
    const crashed = Promise.withResolvers<void>();
    own.on(own.events.GROUP_JOIN, ({ payload }) => {
      if (consumer !== own) return;
      own.pause([{ topic }]);
      hold(payload.memberAssignment[topic] ?? []);
    });
    own.on(own.events.REBALANCING, () => consumer === own && hold(null));
    own.on(own.events.CRASH, ({ payload }) => crashed.reject(payload.error));
    own.on(own.events.DISCONNECT, () => crashed.resolve());
    try {
      await own.connect();
      await own.subscribe({ topics: [topic], fromBeginning: true });
      await own.run({ autoCommit: false, partitionsConsumedConcurrently: 64, eachBatch: take });
      await crashed.promise;
    } finally {
      if (!left) {
        consumer = null;
        hold(null);
        own.disconnect().catch(() => undefined);
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!left) {
      await session().catch((error: Error) => logger?.debug({ group, err: error.message }, 'kafkajs is started anew'));
      if (!left) await clock.sleep(AGAIN_MS);
    }
  };
  void run();
  const verifier = clock.every(VERIFY_MS, () => void verify());

  const membership: Membership = {
    held: () => held,
    // kafkajs joins again at once; it cannot be asked to wait for a batch.
    ready: () => undefined,
    commit: async (positions) => consumer?.commitOffsets([...positions].map(([partition, at]) => ({ topic, partition, offset: String(at) }))),
    leave: async () => {
      left = true;
      verifier.cancel();
      const last = consumer;
      if (last === null) return;
      // Waits for Kafka's answer, which may never come.
      await Promise.race([last.disconnect().catch(() => undefined), new Promise<void>((resolve) => void clock.after(LEAVE_MS, resolve))]);
    },
  };
  const reader: Reader = {
    begin: (id, positions) => {
      era++;
      logId = id;
      failed = null;
      paused.clear();
      buffer.begin(positions);
      if (consumer === null || held === null) return;
      for (const [partition, at] of positions) consumer.seek({ topic, partition, offset: String(at) });
      consumer.resume([{ topic, partitions: [...positions.keys()] }]);
    },
    isAt: buffer.isAt,
    take: (limit) => {
      const batch = buffer.take(limit);
      if (batch.length === 0 && failed !== null) throw failed;
      for (const partition of paused) {
        if (buffer.bytesOf(partition) > AHEAD_BYTES.partition / 2 || buffer.bytes() > AHEAD_BYTES.all / 2) continue;
        paused.delete(partition);
        consumer?.resume([{ topic, partitions: [partition] }]);
      }
      return batch;
    },
    close: async () => {
      era++;
      buffer.begin(new Map());
    },
  };
  return { membership, reader };
}
