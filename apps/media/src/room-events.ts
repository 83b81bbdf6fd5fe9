// Reads room.event: a file hangs on the message that names it, and goes with it. Applies each record once, whatever is repeated.
import { type Clock, type EventLog, Fenced, type LogConsumption, type LogEnds, type LogRecord } from '@parley/ports';
import { CommittedEvent, decodeRecord, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Deleted, Posted, RoomEventStore } from './store/store-room-events.ts';

export interface RoomEvents {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

export interface RoomEventsDeps {
  readonly log: EventLog;
  readonly store: RoomEventStore;
  /** Files were given up. */
  readonly onGone: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stops the reading may pass (the database was away); what does not pass stays a problem that the operator sees. Nothing is jumped over. */
const RESTART_MS = 2_000;
const TOPIC = TOPICS.roomEvent;

export function createRoomEvents({ log, store, onGone, clock, logger }: RoomEventsDeps): RoomEvents {
  let consumption: LogConsumption | null = null;
  let problem: string | null = null;
  let stopped = false;
  let logId = '';
  let next = new Map<number, number>();

  const begin = async (partitions: readonly number[], ends: LogEnds): Promise<ReadonlyMap<number, number>> => {
    const from = new Map(ends.partitions.map((entry) => [entry.partition, entry.from]));
    const positions = await Promise.all(partitions.map((partition) => store.position(TOPIC, partition, ends.logId, from.get(partition) ?? 0)));
    logId = ends.logId;
    next = new Map(partitions.map((partition, index) => [partition, positions[index] as number]));
    problem = null;
    return new Map(next);
  };

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    const stretches = [...Map.groupBy(records, (record) => record.partition)].map(([partition, own]) => {
      const expected = next.get(partition);
      if (expected === undefined) throw new Fenced(`Partition ${partition} of ${TOPIC} is not ours.`);
      return { partition, expected, next: (own.at(-1) as LogRecord).offset + 1 };
    });
    const posted: Posted[] = [];
    const deleted: Deleted[] = [];
    for (const record of records) {
      const event = read(record, logger)?.event;
      if (event?.type === 'message.posted' && event.body.attachments !== undefined)
        posted.push({ room: event.room, seq: event.seq, author: event.author, files: event.body.attachments.map(({ id }) => id) });
      else if (event?.type === 'message.deleted') deleted.push({ room: event.room, seq: event.body.target });
    }
    const gone = await store.apply(TOPIC, logId, stretches, posted, deleted);
    for (const stretch of stretches) next.set(stretch.partition, stretch.next);
    if (gone > 0) onGone();
  };

  const consume = async (): Promise<void> => {
    const started = await log.consume(TOPIC, { group: 'media', start: begin, handle });
    consumption = started;
    started.ended.catch(restart);
  };

  const restart = (error: unknown): void => {
    if (stopped) return;
    if (problem === null) logger.error({ err: error }, 'messages are not read: files do not get to them');
    problem = `messages are not read, files do not get to them: ${error instanceof Error ? error.message : String(error)}`;
    clock.after(RESTART_MS, () => {
      if (!stopped) consume().catch(restart);
    });
  };

  return {
    start: consume,
    async stop() {
      stopped = true;
      await consumption?.stop();
    },
    problem: () => problem,
  };
}

// One record that cannot be read must not keep everything after it from its files.
function read(record: LogRecord, logger: Logger): CommittedEvent | null {
  try {
    return decodeRecord(CommittedEvent, record.value);
  } catch (error) {
    logger.error({ err: error, offset: record.offset }, 'a record of room.event cannot be read and is passed over');
    return null;
  }
}
