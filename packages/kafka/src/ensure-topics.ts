// Makes the topics of an installation, once, as they must be to lose nothing. A job does this, never a service: what is there is never changed.
import { systemClock } from '@parley/ports';
import { Admin } from '@platformatic/kafka';
import { createCluster } from './wire/cluster.ts';
import { codesOf, TOPIC_EXISTS } from './wire/codes.ts';
import { readEnds } from './wire/ends.ts';

/** One broker: few partitions, each record on the disk before it is acknowledged. Three: copies on two before it is. */
export type KafkaProfile = 'one' | 'three';

export interface EnsureTopicsOptions {
  readonly brokers: string;
  readonly profile: KafkaProfile;
  /** Name -> its partitions in profile `one`, and how long records are kept. */
  readonly topics: Readonly<Record<string, { readonly partitions: number; readonly retentionMs: number }>>;
  readonly topicPrefix?: string;
}

/** A topic is there, but not as it must be. The message says what to do. */
export class TopicRefused extends Error {
  override readonly name = 'TopicRefused';
}

/** In profile `three`, of every topic that has more than one. */
const MANY_PARTITIONS = 48;
const READY_MS = 15_000;
const LOOK_MS = 50;

/** Idempotent. Rejects with TopicRefused, or with what Kafka said. */
export async function ensureTopics({ brokers, profile, topics, topicPrefix = '' }: EnsureTopicsOptions): Promise<void> {
  const cluster = createCluster({ brokers, clientId: 'parley-topics', clock: systemClock });
  const lane = cluster.lane(READY_MS);
  const admin = new Admin({ clientId: 'parley-topics', bootstrapBrokers: brokers.split(',').map((one) => one.trim()), retries: 3, retryDelay: 300 });
  try {
    for (const [name, { partitions, retentionMs }] of Object.entries(topics)) {
      const topic = `${topicPrefix}${name}`;
      const count = profile === 'three' && partitions > 1 ? MANY_PARTITIONS : partitions;
      await admin
        .createTopics({ topics: [topic], partitions: count, replicas: profile === 'three' ? 3 : 1, configs: configsOf(profile, retentionMs) })
        .catch((error: unknown) => {
          if (!codesOf(error).includes(TOPIC_EXISTS)) throw error;
        });
      const found = await ready(async () => (await readEnds(cluster, lane, topic)).partitions.length);
      if (found !== count) {
        throw new TopicRefused(
          `Topic ${topic} has ${found} partitions, not ${count}. Rooms are laid out over that number, so it cannot be changed: ` +
            `use the profile it was made with (this is "${profile}"), another topic prefix, or, if nothing in it is needed, delete the topic first.`,
        );
      }
    }
  } finally {
    cluster.close();
    await admin.close().catch(() => undefined);
  }
}

function configsOf(profile: KafkaProfile, retentionMs: number): { name: string; value: string }[] {
  const configs: Record<string, string> = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'unclean.leader.election.enable': 'false',
    ...(profile === 'three' ? { 'min.insync.replicas': '2' } : { 'min.insync.replicas': '1', 'flush.messages': '1' }),
  };
  return Object.entries(configs).map(([name, value]) => ({ name, value }));
}

/** A topic that was just made is not known everywhere at once: until its partitions tell where they begin, nobody can write to it. */
async function ready(look: () => Promise<number>): Promise<number> {
  const until = systemClock.monotonic() + READY_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (systemClock.monotonic() > until) throw error;
    }
    await systemClock.sleep(LOOK_MS);
  }
}
