// Reads by naming topic id and offsets in every request: Kafka itself refuses an offset of another log, and there is no position that a client
// library could move. Reads ahead within bounds: a partition that has enough is left out until it was taken.
import { type Clock, type LogRecord, OffsetOutOfRange } from '@parley/ports';
import { fetchV13, type RecordsBatch } from '@platformatic/kafka';
import type { Reader } from '../client.ts';
import { createRecordBuffer } from '../record-buffer.ts';
import { type Cluster, TopicGone } from '../wire/cluster.ts';
import { answerOf, OFFSET_OUT_OF_RANGE } from '../wire/codes.ts';

export interface ReaderDeps {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly clock: Clock;
  readonly grew: () => void;
}

/** Kafka answers as soon as there is anything; when there is nothing, after this. */
const WAIT_MS = 1_000;
/** With a partition left out, so that it is asked for again soon after it was taken. */
const SHORT_WAIT_MS = 10;
const MARGIN_MS = 4_000;
/** One partition's part of an answer, an answer of one broker, and what may lie read ahead: together they bound a consumer's memory. */
const PARTITION_BYTES = 512 * 1024;
const ANSWER_BYTES = 2 * 1024 * 1024;
const AHEAD_BYTES = 4 * 1024 * 1024;
const BACKOFF_MS = { first: 50, most: 1_000 };
const NOBODY = -1;
const UNCOMMITTED = 0;
const IS_CONTROL = 1 << 5;

type Answer = fetchV13.FetchResponsePartition;

export function createFetchReader({ cluster, topic, clock, grew }: ReaderDeps): Reader {
  const lane = cluster.lane(WAIT_MS + MARGIN_MS);
  const buffer = createRecordBuffer();
  const asking = new Set<number>();
  let era = 0;
  let logId = '';
  let failures = 0;
  /** The era that a new try is waiting for. */
  let retrying = 0;
  let failed: OffsetOutOfRange | null = null;
  let closed = false;
  let turn = 0;

  const fail = (why: string): void => {
    failed ??= new OffsetOutOfRange(`${topic}: ${why}`);
    grew();
  };
  /** One request at a time to each leader of what is wanted. */
  const fetchMore = async (mine: number): Promise<void> => {
    try {
      const { id, leaders } = await cluster.topic(topic, failures > 0);
      if (mine !== era || closed || failed !== null) return;
      if (id !== logId) {
        fail(`it is another log now: ${id}, not ${logId}`);
        return;
      }
      const wanted = buffer.bytes() < AHEAD_BYTES ? buffer.partitions().filter((one) => buffer.bytesOf(one) < PARTITION_BYTES) : [];
      const wait = wanted.length === buffer.partitions().length ? WAIT_MS : SHORT_WAIT_MS;
      const byLeader = Map.groupBy(wanted, (partition) => leaders[partition] ?? NOBODY);
      if (byLeader.has(NOBODY)) retry(mine);
      for (const [node, partitions] of byLeader) if (node !== NOBODY && !asking.has(node)) void fetchFrom(node, partitions, wait, mine);
    } catch (error) {
      if (error instanceof TopicGone) fail(error.message);
      else retry(mine);
    }
  };
  const retry = (mine: number): void => {
    cluster.forget();
    if (retrying === mine) return;
    retrying = mine;
    failures++;
    clock.after(Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(failures, 10)), () => {
      retrying = 0;
      void fetchMore(mine);
    });
  };
  const fetchFrom = async (node: number, partitions: readonly number[], wait: number, mine: number): Promise<void> => {
    asking.add(node);
    const first = turn++ % partitions.length;
    // Whoever comes first in a request is answered first: each in turn.
    const asked = [...partitions.slice(first), ...partitions.slice(0, first)].map((partition) => ({
      partition,
      fetchOffset: BigInt(buffer.wanted(partition) ?? 0),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      partitionMaxBytes: PARTITION_BYTES,
    }));
    try {
      const topics = [{ topicId: logId, partitions: asked }];
      const answer = await lane
        .call(node, (connection) => fetchV13.api.async(connection, wait, 1, ANSWER_BYTES, UNCOMMITTED, 0, -1, topics, [], ''))
        .catch((error: unknown) => {
          const partial = answerOf<{ responses: { partitions: Answer[] }[] }>(error);
          if (partial === null) throw error;
          return partial;
        });
      if (mine !== era) return;
      asking.delete(node);
      const answers = answer.responses.flatMap((one) => one.partitions);
      take(answers, mine);
    } catch {
      if (mine !== era) return;
      asking.delete(node);
      retry(mine);
    }
  };
  const take = (answers: readonly Answer[], mine: number): void => {
    let came = false;
    let refused = false;
    for (const { partitionIndex, errorCode, records, logStartOffset } of answers) {
      const at = buffer.wanted(partitionIndex);
      if (errorCode === OFFSET_OUT_OF_RANGE) fail(`partition ${partitionIndex}: offset ${at} is not in the log, which begins at ${logStartOffset}`);
      else if (errorCode !== 0) refused = true;
      const fresh = toRecords(partitionIndex, records ?? []);
      if (fresh.length === 0) continue;
      if (buffer.push(partitionIndex, fresh) === 'gap') fail(`partition ${partitionIndex}: offset ${at} is gone, the log goes on after it`);
      came = true;
    }
    if (came) grew();
    if (refused) retry(mine);
    else {
      failures = 0;
      void fetchMore(mine);
    }
  };

  return {
    begin: (id, positions) => {
      era++;
      logId = id;
      failed = null;
      failures = 0;
      // A request of before may wait a second for nothing, and what we want would wait behind it.
      if (asking.size > 0) lane.cut();
      asking.clear();
      buffer.begin(positions);
      void fetchMore(era);
    },
    isAt: buffer.isAt,
    take: (limit) => {
      const batch = buffer.take(limit);
      if (batch.length === 0 && failed !== null) throw failed;
      if (batch.length > 0) void fetchMore(era);
      return batch;
    },
    close: async () => {
      closed = true;
      era++;
      lane.cut();
    },
  };
}

const text = new TextDecoder();
const EMPTY = new Uint8Array(0);

function toRecords(partition: number, batches: readonly RecordsBatch[]): LogRecord[] {
  const records: LogRecord[] = [];
  for (const { firstOffset, attributes, records: own } of batches) {
    // Nobody writes transactions here; if somebody does, the hole that they leave is told as one.
    if ((attributes & IS_CONTROL) !== 0) continue;
    const base = Number(firstOffset);
    for (const { offsetDelta, key, value } of own) {
      records.push({ partition, offset: base + offsetDelta, key: key === null ? '' : text.decode(key), value: value ?? EMPTY });
    }
  }
  return records;
}
