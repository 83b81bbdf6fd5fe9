// Reads room.event: keeps who is in which room, and finds who should be told of what. Applies each event once, whatever is repeated, and
// never jumps over one: what was kept too short in the log is asked of messages.
import { type Clock, type EventLog, Fenced, type LogConsumption, type LogEnds, type LogRecord } from '@parley/ports';
import { type AnyRoomEvent, CommittedEvent, decodeRecord, findPeople, isTraceparent, LIMITS, readEvents, TOPICS } from '@parley/protocol';
import { type InternalClient, type Logger, NO_TRACING, type Span, type Tracing } from '@parley/runtime';
import { foldEvents, handlesOf } from './fold-events.ts';
import type { EventStore, LogStretch } from './store/store-events.ts';

export interface RoomEvents {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

export interface RoomEventsDeps {
  readonly log: EventLog;
  readonly store: EventStore;
  readonly internal: InternalClient;
  readonly delays: { readonly pushMs: number; readonly mailMs: number };
  /** Something went to the outbox. */
  readonly onJobs: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
}

/** What stops the reading may pass (the database was away); what does not pass stays a problem that the operator sees. */
const RESTART_MS = 2_000;

export function createRoomEvents({ log, store, internal, delays, onJobs, clock, logger, tracing = NO_TRACING }: RoomEventsDeps): RoomEvents {
  const topic = TOPICS.roomEvent;
  let consumption: LogConsumption | null = null;
  let problem: string | null = null;
  let stopped = false;
  let logId = '';
  let next = new Map<number, number>();

  const begin = async (partitions: readonly number[], ends: LogEnds): Promise<ReadonlyMap<number, number>> => {
    const from = new Map(ends.partitions.map((entry) => [entry.partition, entry.from]));
    const positions = await Promise.all(partitions.map((partition) => store.position(topic, partition, ends.logId, from.get(partition) ?? 0)));
    logId = ends.logId;
    next = new Map(partitions.map((partition, index) => [partition, positions[index] as number]));
    problem = null;
    return new Map(next);
  };

  const stretchesOf = (records: readonly LogRecord[]): LogStretch[] =>
    [...Map.groupBy(records, (record) => record.partition)].map(([partition, own]) => {
      const expected = next.get(partition);
      const last = own.at(-1);
      if (expected === undefined || last === undefined) throw new Fenced(`Partition ${partition} of ${topic} is not ours.`);
      return { topic, partition, logId, expected, next: last.offset + 1 };
    });

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    const stretches = stretchesOf(records);
    const committed = records.flatMap((record) => read(record, logger) ?? []);
    const events = committed.map(({ event }) => event);
    const spans = beginSpans(committed, tracing);
    const rooms = await store.rooms([...new Set(events.map((event) => event.room))]);
    const missed = await fillGaps(events, (room) => rooms.get(room)?.seq ?? 0, internal);
    const nowMs = clock.now();
    const people = await resolve(handlesOf(events, nowMs), internal);
    const folded = foldEvents({ events, missed, rooms, people, nowMs, spans });
    await store.apply({ ...folded, stretches, nowMs, pushDueMs: nowMs + delays.pushMs, mailDueMs: nowMs + delays.mailMs });
    for (const stretch of stretches) next.set(stretch.partition, stretch.next);
    for (const span of spans.values()) span.end();
    onJobs();
  };

  const consume = async (): Promise<void> => {
    const started = await log.consume(topic, { group: 'notifications', start: begin, handle });
    consumption = started;
    started.ended.catch(restart);
  };

  const restart = (error: unknown): void => {
    if (stopped) return;
    if (problem === null) logger.error({ err: error }, 'room events are not read: nobody is notified');
    problem = `room events are not read, nobody is notified: ${error instanceof Error ? error.message : String(error)}`;
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

// One record that cannot be read must not keep everything after it from being told; a hole that it leaves in its room is asked of messages.
function read(record: LogRecord, logger: Logger): CommittedEvent | null {
  try {
    return decodeRecord(CommittedEvent, record.value);
  } catch (error) {
    logger.error({ err: error, partition: record.partition, offset: record.offset }, 'a record of room.event cannot be read and is passed over');
    return null;
  }
}

function beginSpans(committed: readonly CommittedEvent[], tracing: Tracing): ReadonlyMap<CommittedEvent['event'], Span> {
  const spans = new Map<CommittedEvent['event'], Span>();
  for (const { event, trace, partition } of committed) {
    if (!isTraceparent(trace)) continue;
    const { room, seq } = event;
    spans.set(event, tracing.span('notifications.decide', trace, { room, seq, partition, batch: committed.length }));
  }
  return spans;
}

/** For each event that does not follow what is known of its room: the events between, by the event's place. Nobody is told of those. */
async function fillGaps(
  events: readonly CommittedEvent['event'][],
  seqOf: (room: string) => number,
  internal: InternalClient,
): Promise<ReadonlyMap<CommittedEvent['event'], readonly AnyRoomEvent[]>> {
  const heads = new Map<string, number>();
  const missed = new Map<CommittedEvent['event'], AnyRoomEvent[]>();
  for (const event of events) {
    let head = heads.get(event.room) ?? seqOf(event.room);
    if (event.seq > head + 1) {
      const between: AnyRoomEvent[] = [];
      while (head + 1 < event.seq) {
        const page = await internal.call(readEvents, { room: event.room, after: head, limit: Math.min(LIMITS.resumeEvents, event.seq - 1 - head) });
        if (page.events.length === 0) throw new Error('messages does not have events that it has told of.');
        between.push(...(page.events as AnyRoomEvent[]));
        head += page.events.length;
      }
      missed.set(event, between);
    }
    heads.set(event.room, Math.max(head, event.seq));
  }
  return missed;
}

/** Handle -> id. */
async function resolve(handles: readonly string[], internal: InternalClient): Promise<ReadonlyMap<string, string>> {
  if (handles.length === 0) return new Map();
  const { people } = await internal.call(findPeople, { ids: [], handles: [...handles] });
  return new Map(people.map((person) => [person.handle, person.id]));
}
