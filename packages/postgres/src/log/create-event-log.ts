// The durable log in a Postgres table: the embedded EventLog. An append is durable when it resolves, offsets follow commit order, consumers
// are woken by notification. Never looks into a value and never knows a service.
import { type Clock, consumeFrom, type EventLog, type Rng, systemRng } from '@parley/ports';
import pg from 'pg';
import type { PgConnection } from '../connection.ts';
import { endPool } from '../end-pool.ts';
import type { AdapterLogger } from '../logger.ts';
import { migrate } from '../migrate.ts';
import { logMigrationsFolder } from '../migrations-folder.ts';
import { type Appended, createAppender } from './appender.ts';
import { openLogSession } from './session.ts';
import { createSource, type PostgresLogSource } from './source.ts';
import { openTopic, readEnds, type Topic, trimTopic } from './topics.ts';

export interface TopicOptions {
  /** Fixed when the topic is made. */
  readonly partitions: number;
  /** Records older than this are removed. */
  readonly retentionMs: number;
}

export interface PostgresEventLogOptions {
  /** A database of the log's own (it may be shared with the work queue); its tables are made at the first start. */
  readonly connection: PgConnection;
  readonly topics: Readonly<Record<string, TopicOptions>>;
  readonly clock: Clock;
  /** Where log identities come from. Default: the system's. */
  readonly rng?: Rng;
  readonly logger?: AdapterLogger;
}

export interface PostgresEventLog extends EventLog {
  /** Stops consumers after the batch in hand, finishes what is queued, lets go of all connections. Idempotent. */
  close(): Promise<void>;
}

/** Consumers read through these; the appender and the session have connections of their own. */
const READERS = 4;
const ANSWER_MS = 10_000;
const TRIM_MS = { least: 1_000, most: 60_000 };

/** The database must exist (`ensureDatabase`). Throws when a topic has another number of partitions than the one that is there. */
export async function createPostgresEventLog(options: PostgresEventLogOptions): Promise<PostgresEventLog> {
  const { connection, clock, logger, rng = systemRng } = options;
  await migrate(connection, logMigrationsFolder);
  const pool = new pg.Pool({ ...connection, max: READERS, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS, allowExitOnIdle: true });
  pool.on('error', (error) => logger?.debug({ err: error.message }, 'idle log connection lost'));
  const topics = new Map<string, Topic>();
  for (const [name, topic] of Object.entries(options.topics)) topics.set(name, await openTopic(pool, name, topic, rng));
  const topicOf = (name: string): Topic => {
    const topic = topics.get(name);
    if (topic === undefined) throw new RangeError(`no topic ${name}`);
    return topic;
  };

  const sources = new Map<PostgresLogSource, { readonly id: number; readonly stop: () => Promise<void> }>();
  const notify = (ids: ReadonlySet<number>): void => {
    for (const [source, { id }] of sources) if (ids.has(id)) source.notify();
  };
  const appendedHere = (records: Appended): void => {
    for (const [source, { id }] of sources) {
      const ours = records.get(id);
      if (ours !== undefined) source.appendedHere(ours);
    }
  };
  const recheck = (): void => {
    for (const source of sources.keys()) source.recheck();
  };
  const appender = createAppender(connection, `parley-log-${rng.id()}`, clock, appendedHere);
  // Our own appends are known as soon as they are durable: hearing of them again would read everything twice.
  const hear = (ids: ReadonlySet<number>, byBackend: number | null): void => {
    if (byBackend === null || byBackend !== appender.backend()) notify(ids);
  };
  const session = await openLogSession(connection, clock, { appended: hear, connected: recheck }, logger);
  const sweeper = startSweeper(pool, [...topics.values()], clock, logger);

  return {
    append: async (name, entries) => {
      const topic = topicOf(name);
      for (const { partition, key } of entries) {
        if (!(partition >= 0 && partition < topic.partitions)) throw new RangeError(`${name} has no partition ${partition}`);
        // Postgres' text cannot hold it, and it would fail the appends that share the statement.
        if (key.includes('\0')) throw new RangeError('a key must not contain U+0000');
      }
      if (entries.length > 0) await appender.append(topic.id, entries);
    },
    consume: async (name, consumer) => {
      const topic = topicOf(name);
      const source = createSource({ pool, session, clock, topic, group: consumer.group, left: (gone) => sources.delete(gone) });
      const consumption = consumeFrom(source, consumer, clock);
      sources.set(source, { id: topic.id, stop: consumption.stop });
      return consumption;
    },
    ends: async (name) => readEnds(pool, topicOf(name)),
    close: async () => {
      await Promise.all([...sources.values()].map(({ stop }) => stop()));
      await sweeper.stop();
      await Promise.all([appender.close(), session.close()]);
      await endPool(pool);
    },
  };
}

function startSweeper(pool: pg.Pool, topics: readonly Topic[], clock: Clock, logger: AdapterLogger | undefined): { stop(): Promise<void> } {
  const shortest = Math.min(...topics.map((topic) => topic.retentionMs));
  let running: Promise<void> | null = null;
  const sweep = async (): Promise<void> => {
    for (const topic of topics) await trimTopic(pool, topic, clock.now());
  };
  const timer = clock.every(Math.min(TRIM_MS.most, Math.max(TRIM_MS.least, shortest / 4)), () => {
    running ??= sweep()
      .catch((error: Error) => logger?.warn({ err: error.message }, 'log not trimmed'))
      .finally(() => {
        running = null;
      });
  });
  return {
    stop: async () => {
      timer.cancel();
      await running;
    },
  };
}
