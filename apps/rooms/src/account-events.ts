// Reads account.event: the owner's account brings #welcome, every account joins it once. Applies each record once, whatever is repeated.
import { type Clock, type EventLog, Fenced, type LogConsumption, type LogEnds, type LogRecord } from '@parley/ports';
import { AccountEvent, decodeRecord, TOPICS } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import type { AccountEventStore, WelcomeRoom } from './store/store-account-events.ts';
import { welcomeRoom } from './welcome.ts';

export interface AccountEvents {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

export interface AccountEventsDeps {
  readonly log: EventLog;
  readonly store: AccountEventStore;
  /** Something went to the outbox. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stops the reading may pass (the database was away); what does not pass stays a problem that the operator sees. Nothing is jumped over. */
const RESTART_MS = 2_000;

export function createAccountEvents({ log, store, onChange, clock, logger }: AccountEventsDeps): AccountEvents {
  const topic = TOPICS.accountEvent;
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

  const handle = async (records: readonly LogRecord[]): Promise<void> => {
    for (const [partition, own] of Map.groupBy(records, (record) => record.partition)) {
      const expected = next.get(partition);
      const last = own.at(-1);
      if (expected === undefined || last === undefined) throw new Fenced(`Partition ${partition} of ${topic} is not ours.`);
      const { newcomers, welcome, time } = readArrivals(own, logger);
      const changed = await store.apply({ topic, partition, logId, expected, next: last.offset + 1 }, newcomers, welcome, time);
      next.set(partition, last.offset + 1);
      if (changed) onChange();
    }
  };

  const consume = async (): Promise<void> => {
    const started = await log.consume(topic, { group: 'rooms', start: begin, handle });
    consumption = started;
    started.ended.catch(restart);
  };

  const restart = (error: unknown): void => {
    if (stopped) return;
    if (problem === null) logger.error({ err: error }, 'accounts are not read: new people do not get into #welcome');
    problem = `accounts are not read, new people do not get into #welcome: ${error instanceof Error ? error.message : String(error)}`;
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

/** Who came with these records, in their order, and the room that came with the owner. */
function readArrivals(records: readonly LogRecord[], logger: Logger): { newcomers: string[]; welcome: WelcomeRoom | null; time: number } {
  const newcomers = new Set<string>();
  let welcome: WelcomeRoom | null = null;
  let time = 0;
  for (const record of records) {
    const event = read(record, logger);
    if (event?.type !== 'account.created') continue;
    newcomers.add(event.user);
    time = Math.max(time, event.time);
    if (event.owner) welcome ??= welcomeRoom(event.user, event.time);
  }
  return { newcomers: [...newcomers], welcome, time };
}

// One record that cannot be read must not keep everybody after it out.
function read(record: LogRecord, logger: Logger): AccountEvent | null {
  try {
    return decodeRecord(AccountEvent, record.value);
  } catch (error) {
    logger.error({ err: error, offset: record.offset }, 'a record of account.event cannot be read and is passed over');
    return null;
  }
}
