// What the rest must learn, written with the change itself and carried to the log afterwards: at least once, in order for each person.
// Must never append before the change is committed, nor forget what was not appended.
import type { Clock, EventLog, LogEntry, Timer } from '@parley/ports';
import { type AccountEvent, encodeRecord, partitionOf, type SessionEvent, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { Database, Transaction } from './store.ts';

type Topic = typeof TOPICS.sessionEvent | typeof TOPICS.accountEvent;

/** Writes one event. The person's row numbers it, so its order in the outbox is the order of the commits. */
export async function emit(tx: Transaction, topic: Topic, event: SessionEvent | AccountEvent): Promise<void> {
  await tx.$executeRaw`
    WITH numbered AS (UPDATE person SET event_no = event_no + 1 WHERE id = ${event.user}::uuid RETURNING event_no)
    INSERT INTO outbox (person_id, event_no, topic, value)
    SELECT ${event.user}::uuid, event_no, ${topic}, ${JSON.stringify(event)}::jsonb FROM numbered`;
}

export const emitSession = (tx: Transaction, event: SessionEvent): Promise<void> => emit(tx, TOPICS.sessionEvent, event);
export const emitAccount = (tx: Transaction, event: AccountEvent): Promise<void> => emit(tx, TOPICS.accountEvent, event);

export interface Relay {
  start(): void;
  stop(): Promise<void>;
  /** Something was committed: carry it now. */
  wake(): void;
  problems(): readonly string[];
}

interface RelayDeps {
  readonly database: Database;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 200;
/** A repair: what another process wrote, or what a failed append left. */
const POLL_MS = 1_000;
const TRANSACTION_MS = 15_000;
/** Any number that nothing else in this database locks. */
const RELAY_LOCK = 7_261_001;

/** One relay carries at a time, whatever processes there are: an advisory lock of the database sees to it. */
export function createRelay({ database, log, clock, logger }: RelayDeps): Relay {
  const partitions = new Map<string, number>();
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = true;
  let failing = false;

  const drain = async (): Promise<void> => {
    try {
      do again = false;
      while (((await carryBatch(database, log, partitions)) === BATCH || again) && !stopped);
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'the outbox could not be carried to the log; trying again');
      failing = true;
      again = false;
    }
  };
  const wake = (): void => {
    if (stopped) return;
    again = true;
    running ??= drain().finally(() => {
      running = null;
      // Woken after the last look and before this line.
      if (again) wake();
    });
  };

  return {
    start() {
      stopped = false;
      timer = clock.every(POLL_MS, wake);
      wake();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
    wake,
    problems: () => (failing ? ['Ended sessions and new people are not being told to the other services: the database or the log does not answer.'] : []),
  };
}

/** Appends the oldest rows and then deletes them; answers how many. */
async function carryBatch(database: Database, log: EventLog, partitions: Map<string, number>): Promise<number> {
  return database.$transaction(
    async (tx) => {
      const [lock] = await tx.$queryRaw<{ held: boolean }[]>`SELECT pg_try_advisory_xact_lock(${RELAY_LOCK}) AS held`;
      if (!lock?.held) return 0;
      const rows = await tx.outbox.findMany({ orderBy: { id: 'asc' }, take: BATCH });
      for (const topic of [TOPICS.sessionEvent, TOPICS.accountEvent]) {
        const values = rows.filter((row) => row.topic === topic);
        if (values.length === 0) continue;
        const count = partitions.get(topic) ?? (await log.ends(topic)).partitions.length;
        partitions.set(topic, count);
        const entries = values.map((row): LogEntry => ({ partition: partitionOf(row.personId, count), key: row.personId, value: encodeRecord(row.value) }));
        await log.append(topic, entries);
      }
      await tx.outbox.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
      return rows.length;
    },
    { maxWait: 5_000, timeout: TRANSACTION_MS },
  );
}
