// The heart of messages without HTTP and without a database's name: worker, publisher, relay and what other services may call.
// The simulation runs exactly this over the store in memory.
import type { Clock, EventLog, Feed, Rng } from '@parley/ports';
import { type InternalClient, type InternalHandler, type Logger, type Metrics, NO_TRACING, type Tracing } from '@parley/runtime';
import { createInternalApi } from './calls/internal-api.ts';
import { FollowedCommits } from './pipeline/followed.ts';
import type { MemoryOptions } from './pipeline/room-memory.ts';
import { createPublisher } from './publisher.ts';
import { createRelay } from './relay.ts';
import type { Store, UserChanges } from './store/store.ts';
import { createWorker } from './worker.ts';

export interface MessagesCoreDeps {
  readonly store: Store;
  readonly log: EventLog;
  readonly feed: Feed;
  /** Asked to send a room's changes again at a gap; without it the gap is only reported. */
  readonly internal?: InternalClient;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Commands that are decided and written at once; see WorkerDeps. */
  readonly batchSize?: number;
  /** How much is kept of rooms between batches; see RoomMemory. */
  readonly memory?: MemoryOptions | undefined;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
  readonly metrics?: Metrics | undefined;
}

export interface MessagesCore {
  /** Opens the store and consumes `room.command` from the position that the store names. */
  start(): Promise<void>;
  /** Finishes the batch in hand, tells and relays what is committed, and closes the store. Idempotent. */
  stop(): Promise<void>;
  problems(): readonly string[];
  readonly internal: readonly InternalHandler[];
  /** The installation's epoch; known after start(). */
  epoch(): string;
  /** Tells users' changes that a call of their own has written. Never throws: who misses it asks for the changes. */
  tellUsers(users: readonly UserChanges[]): Promise<void>;
}

export function createMessagesCore({ store, log, feed, internal, clock, rng, logger, batchSize, ...rest }: MessagesCoreDeps): MessagesCore {
  let epoch = '';
  const { tracing = NO_TRACING, metrics } = rest;
  const followed = { published: new FollowedCommits(tracing), relayed: new FollowedCommits(tracing) };
  const publisher = createPublisher({ store, feed, clock, logger, followed: followed.published });
  const relay = createRelay({ store, log, clock, logger, followed: followed.relayed });
  const worker = createWorker({
    store,
    log,
    publisher,
    relay,
    clock,
    logger,
    tracing,
    metrics,
    memory: rest.memory,
    followed: [followed.published, followed.relayed],
    ...(internal ? { internal } : {}),
    ...(batchSize === undefined ? {} : { batchSize }),
  });
  const tellUsers: MessagesCore['tellUsers'] = async (users) => {
    if (users.length > 0) await publisher.tell(users, []).catch((error) => logger.warn({ err: error }, 'changes of user state could not be told'));
  };
  let started: Promise<void> | null = null;
  return {
    start: () => {
      started ??= (async () => {
        ({ epoch } = await store.open(rng.id()));
        await relay.start();
        await worker.start();
      })();
      return started;
    },
    stop: async () => {
      if (!started) return;
      await started.catch(() => {});
      started = null;
      await worker.stop();
      await Promise.all([publisher.stop(), relay.stop()]);
      await worker.savePositions().catch((error) => logger.warn({ err: error }, 'the positions told and relayed could not be saved; they will be repeated'));
      await store.close();
    },
    problems: () => [...worker.problems(), ...publisher.problems(), ...relay.problems()],
    internal: createInternalApi({ store, log, clock, epoch: () => epoch, tellUsers }),
    epoch: () => epoch,
    tellUsers,
  };
}
