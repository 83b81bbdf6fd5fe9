// Copies committed events to the topic `room.event` in the order of their partition, at least once: consumers drop by (room, seq).
// The event table is the outbox; nothing is copied that is not committed.
import type { Clock, EventLog, LogEntry } from '@parley/ports';
import { type CommittedEvent, encodeRecord, partitionOf, TOPICS } from '@parley/protocol';
import { type Logger, NO_TRACING } from '@parley/runtime';
import { createFollower, type Follower } from './follower.ts';
import { FollowedCommits } from './pipeline/followed.ts';
import type { Store } from './store/store.ts';

/**
 * Each append is a flush to the disk that the next command would wait behind, and nobody waits for what was said to come to this topic: it is for
 * notifications, webhooks and the like. Who changed a room does wait: rooms answers when it sees the change here.
 */
const REST = { ms: 100, isUrgent: ({ event }: CommittedEvent) => event.type.startsWith('room.') || event.type.startsWith('member.') };

export interface Relay extends Follower<null> {
  start(): Promise<void>;
}

export interface RelayDeps {
  readonly store: Store;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Commits that somebody follows. */
  readonly followed?: FollowedCommits;
}

export function createRelay({ store, log, clock, logger, followed = new FollowedCommits(NO_TRACING) }: RelayDeps): Relay {
  let partitionCount = 0;
  const toEntry = (committed: CommittedEvent, trace: string | undefined): LogEntry => ({
    partition: partitionOf(committed.event.room, partitionCount),
    key: committed.event.room,
    value: encodeRecord(trace === undefined ? committed : { ...committed, trace }),
  });
  const follower = createFollower<null>({
    name: 'the relay to room.event',
    store,
    clock,
    logger,
    rest: REST,
    deliver: async (events) => {
      if (events.length === 0) return;
      const spans = followed.begin('log.relay', events);
      try {
        await log.append(
          TOPICS.roomEvent,
          events.map((committed) => toEntry(committed, spans?.get(committed)?.traceparent)),
        );
      } catch (error) {
        followed.end(spans, 'unavailable');
        throw error;
      }
      followed.end(spans);
    },
    recall: async () => [],
  });
  return {
    ...follower,
    start: async () => {
      partitionCount = (await log.ends(TOPICS.roomEvent)).partitions.length;
    },
  };
}
