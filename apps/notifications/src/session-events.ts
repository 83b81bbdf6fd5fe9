// Reads session.event: a device gets pushes only as long as the session that subscribed it. Whoever is signed out somewhere sees nothing there.
import { type Clock, type EventLog, Fenced, type LogConsumption, type LogEnds, type LogRecord } from '@parley/ports';
import { decodeRecord, SessionEvent, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { SessionStore } from './store/store-sessions.ts';

export interface SessionEvents {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

export interface SessionEventsDeps {
  readonly log: EventLog;
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RESTART_MS = 2_000;

export function createSessionEvents({ log, store, clock, logger }: SessionEventsDeps): SessionEvents {
  const topic = TOPICS.sessionEvent;
  let consumption: LogConsumption | null = null;
  let problem: string | null = null;
  let stopped = false;
  let logId = '';
  let next = new Map<number, number>();

  const begin = async (partitions: readonly number[], ends: LogEnds): Promise<ReadonlyMap<number, number>> => {
    const known = ends.partitions.filter((end) => partitions.includes(end.partition));
    const positions = await Promise.all(known.map((end) => store.begin(topic, end.partition, ends.logId, end.from)));
    if (positions.some(({ missed }) => missed)) logger.warn('sessions ended while nobody looked: every device subscribes anew when it is next used');
    logId = ends.logId;
    next = new Map(known.map((end, index) => [end.partition, positions[index]?.next ?? end.from]));
    problem = null;
    return new Map(next);
  };

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    for (const [partition, own] of Map.groupBy(records, (record) => record.partition)) {
      const expected = next.get(partition);
      const last = own.at(-1);
      if (expected === undefined || last === undefined) throw new Fenced(`Partition ${partition} of ${topic} is not ours.`);
      const ended = own.flatMap((record) => read(record, logger) ?? []);
      await store.apply({ topic, partition, logId, expected, next: last.offset + 1 }, ended);
      next.set(partition, last.offset + 1);
    }
  };

  const consume = async (): Promise<void> => {
    const started = await log.consume(topic, { group: 'notifications', start: begin, handle });
    consumption = started;
    started.ended.catch(restart);
  };

  const restart = (error: unknown): void => {
    if (stopped) return;
    if (problem === null) logger.error({ err: error }, 'ended sessions are not read: their devices still get pushes');
    problem = `ended sessions are not read, their devices still get pushes: ${error instanceof Error ? error.message : String(error)}`;
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

function read(record: LogRecord, logger: Logger): SessionEvent | null {
  try {
    return decodeRecord(SessionEvent, record.value);
  } catch (error) {
    logger.error({ err: error, offset: record.offset }, 'a record of session.event cannot be read and is passed over');
    return null;
  }
}
