// Where a topic's partitions begin and end, by Kafka's own words. The identity comes with it: an offset means nothing without it.
import { type LogEnds, LogUnavailable } from '@parley/ports';
import { listOffsetsV7 } from '@platformatic/kafka';
import type { Cluster, Lane } from './cluster.ts';

const EARLIEST = -2n;
const LATEST = -1n;

/** Rejects with LogUnavailable, or with RangeError when there never was such a topic. */
export async function readEnds(cluster: Cluster, lane: Lane, topic: string): Promise<LogEnds> {
  const { id, leaders } = await cluster.topic(topic, true);
  const byLeader = Map.groupBy(leaders.keys(), (partition) => leaders[partition] ?? -1);
  if (byLeader.has(-1)) throw new LogUnavailable(`${topic}: partition ${byLeader.get(-1)?.join(', ')} has no leader just now`);
  const ask = async (timestamp: bigint): Promise<Map<number, number>> => {
    const found = new Map<number, number>();
    const answers = [...byLeader].map(([node, partitions]) => {
      const asked = partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
      return lane.call(node, (connection) => listOffsetsV7.api.async(connection, -1, 0, [{ name: topic, partitions: asked }]));
    });
    for (const { topics } of await Promise.all(answers)) {
      for (const one of topics.flatMap(({ partitions }) => partitions)) found.set(one.partitionIndex, Number(one.offset));
    }
    return found;
  };
  try {
    // The beginning first: it only grows, so what is between the two was there.
    const from = await ask(EARLIEST);
    const next = await ask(LATEST);
    return { logId: id, partitions: leaders.map((_, partition) => ({ partition, from: from.get(partition) ?? 0, next: next.get(partition) ?? 0 })) };
  } catch (error) {
    cluster.forget();
    throw error instanceof LogUnavailable ? error : new LogUnavailable(`${topic}: its ends cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
