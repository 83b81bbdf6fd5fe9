// Keeps a consumption going for as long as its owner wants it: what ended for a reason that may pass is begun again. What does not fit
// the log waits for the operator. It must never jump over a record: where to begin is the consumer's to say.
import { type Clock, type EventLog, type LogConsumer, type LogConsumption, OffsetOutOfRange } from '@parley/ports';
import type { Logger } from '@parley/runtime';

export interface KeepConsumingDeps {
  readonly log: EventLog;
  readonly topic: string;
  readonly consumer: LogConsumer;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Consuming {
  start(): Promise<void>;
  /** Resolves after the batch in hand. */
  stop(): Promise<void>;
  /** Why nothing is consumed now; null: it is. */
  problem(): string | null;
}

const RESTART_MS = 1_000;

export function keepConsuming({ log, topic, consumer, clock, logger }: KeepConsumingDeps): Consuming {
  let consumption: LogConsumption | null = null;
  let problem: string | null = null;
  let stopping = false;

  const start: LogConsumer['start'] = async (partitions, ends) => {
    const from = await consumer.start(partitions, ends);
    problem = null;
    return from;
  };
  const consume = async (): Promise<void> => {
    const begun = await log.consume(topic, { ...consumer, start });
    consumption = begun;
    begun.ended.catch(ended);
    if (stopping) await begun.stop();
  };
  const ended = (error: unknown): void => {
    problem = error instanceof Error ? error.message : String(error);
    logger.error({ err: error, topic }, 'the log is not consumed any more');
    if (stopping || error instanceof OffsetOutOfRange) return;
    clock.after(RESTART_MS, () => {
      if (!stopping) consume().catch(ended);
    });
  };

  return {
    start: consume,
    stop: async () => {
      stopping = true;
      await consumption?.stop();
    },
    problem: () => problem,
  };
}
