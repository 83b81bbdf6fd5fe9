// A place in a consumer group by the classic protocol, spelled with @platformatic/kafka's protocol calls: find the coordinator, join, be assigned,
// beat. Only for dividing partitions: who may write is decided by the compare-and-set of whoever consumes, never here.
import { type Clock, OffsetOutOfRange } from '@parley/ports';
import {
  decodeConsumerProtocolAssignment,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka';
import type { Held, Membership } from '../client.ts';
import type { AdapterLogger } from '../logger.ts';
import { type Cluster, TopicGone } from '../wire/cluster.ts';
import { codesOf, ILLEGAL_GENERATION, MEMBER_ID_REQUIRED, NOT_COORDINATOR, REBALANCING, UNKNOWN_MEMBER } from '../wire/codes.ts';

export interface MemberDeps {
  readonly cluster: Cluster;
  readonly group: string;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: AdapterLogger | undefined;
  /** Something about `held()` is different. */
  readonly moved: () => void;
  readonly lost: (error: OffsetOutOfRange) => void;
}

export const SESSION_MS = 6_000;
export const HEARTBEAT_MS = 2_000;
export const REBALANCE_MS = 6_000;
/** A batch in hand gets this long before the group goes on without waiting for it; whoever is late is fenced. */
const FINISH_MS = 2_000;
const RETRY_MS = 200;
/** The same words as kafkajs', so that a group may be of both clients while one is exchanged for the other. */
const PROTOCOL = 'RoundRobinAssigner';

interface Place {
  readonly coordinator: number;
  readonly memberId: string;
  readonly generation: number;
}

export function createGroupMember({ cluster, group, topic, clock, logger, moved, lost }: MemberDeps): Membership {
  const lane = cluster.lane(REBALANCE_MS + SESSION_MS + 3_000);
  let held: Held | null = null;
  let place: Place | null = null;
  let memberId = '';
  let left = false;
  let inUse = false;
  let wake: () => void = () => undefined;

  const pause = (ms: number, until: () => boolean = () => false): Promise<void> =>
    new Promise((resolve) => {
      if (left || until()) return resolve();
      const timer = clock.after(ms, resolve);
      wake = () => {
        if (!left && !until()) return;
        timer.cancel();
        resolve();
      };
    });
  const hold = (next: Held | null): void => {
    if (held === null && next === null) return;
    held = next;
    if (next !== null) inUse = true;
    moved();
  };

  const join = async (): Promise<Place> => {
    const found = await lane.call(null, (connection) => findCoordinatorV4.api.async(connection, 0, [group]));
    const coordinator = found.coordinators[0]?.nodeId ?? -1;
    await cluster.topic(topic, true);
    const metadata = encodeConsumerProtocolSubscription({ version: 0, topics: [topic] });
    const ask = () =>
      lane.call(coordinator, (connection) =>
        joinGroupV9.api.async(connection, group, SESSION_MS, REBALANCE_MS, memberId, null, 'consumer', [{ name: PROTOCOL, metadata }], null),
      );
    const joined = await ask().catch((error: unknown) => {
      // Kafka names a newcomer first and takes it in when it says its name.
      const named = (error as { response?: { memberId?: string } }).response?.memberId;
      if (!hasCode(error, MEMBER_ID_REQUIRED) || named === undefined) throw error;
      memberId = named;
      return ask();
    });
    memberId = joined.memberId;
    const { leaders } = await cluster.topic(topic);
    const assignments =
      joined.leader === memberId
        ? divide(
            topic,
            leaders.length,
            joined.members.map((member) => member.memberId),
          )
        : [];
    const { generationId: generation } = joined;
    const synced = await lane.call(coordinator, (connection) =>
      syncGroupV5.api.async(connection, group, generation, memberId, null, 'consumer', joined.protocolName, assignments),
    );
    const assigned = synced.assignment.length === 0 ? [] : decodeConsumerProtocolAssignment(synced.assignment).assignedPartitions;
    place = { coordinator, memberId, generation };
    hold({
      generation,
      partitions: assigned
        .filter((one) => one.topic === topic)
        .flatMap((one) => one.partitions)
        .sort((a, b) => a - b),
    });
    return place;
  };
  /** Until the place is lost. */
  const beat = async ({ coordinator, memberId: me, generation }: Place): Promise<void> => {
    let proof = clock.monotonic();
    while (!left) {
      await pause(HEARTBEAT_MS);
      if (left) return;
      try {
        const sent = clock.monotonic();
        await lane.call(coordinator, (connection) => heartbeatV4.api.async(connection, group, generation, me, null));
        proof = sent;
      } catch (error) {
        if (hasCode(error, REBALANCING, UNKNOWN_MEMBER, ILLEGAL_GENERATION, NOT_COORDINATOR)) throw error;
        // A broker that is away may come back and remember us; after a session's time it does not.
        if (clock.monotonic() - proof > SESSION_MS) throw error;
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!left) {
      try {
        await beat(await join());
      } catch (error) {
        if (hasCode(error, UNKNOWN_MEMBER, ILLEGAL_GENERATION)) memberId = '';
        place = null;
        hold(null);
        if (error instanceof TopicGone) lost(new OffsetOutOfRange(error.message));
        if (left) return;
        logger?.debug({ group, err: (error as Error).message }, 'the place in the group is taken anew');
        if (hasCode(error, REBALANCING)) await pause(FINISH_MS, () => !inUse);
        else if (!hasCode(error, UNKNOWN_MEMBER, ILLEGAL_GENERATION)) await pause(RETRY_MS);
      }
    }
  };
  void run();

  return {
    held: () => held,
    ready: () => {
      if (held !== null) return;
      inUse = false;
      wake();
    },
    commit: async (positions) => {
      if (place === null) return;
      const { coordinator, memberId: me, generation } = place;
      const partitions = [...positions].map(([partitionIndex, at]) => ({ partitionIndex, committedOffset: BigInt(at), committedLeaderEpoch: -1 }));
      await lane.call(coordinator, (connection) => offsetCommitV8.api.async(connection, group, generation, me, null, [{ name: topic, partitions }]));
    },
    leave: async () => {
      if (left) return;
      left = true;
      wake();
      const last = place;
      // A join that is under way is cut off: Kafka forgets it with the session.
      if (last === null) return lane.cut();
      await lane.call(last.coordinator, (connection) => leaveGroupV5.api.async(connection, group, [{ memberId: last.memberId }])).catch(() => undefined);
      lane.cut();
    },
  };
}

const hasCode = (error: unknown, ...codes: readonly number[]): boolean => codesOf(error).some((code) => codes.includes(code));

/** Every partition to one member, in turn by name: whoever leads the group comes to the same. */
function divide(topic: string, count: number, members: readonly string[]): { memberId: string; assignment: Buffer }[] {
  const sorted = [...members].sort();
  return sorted.map((memberId, place) => {
    const partitions = Array.from({ length: count }, (_, partition) => partition).filter((partition) => partition % sorted.length === place);
    return { memberId, assignment: encodeConsumerProtocolAssignment({ version: 0, assignedPartitions: [{ topic, partitions }] }) };
  });
}
