// One process' connection to the durable log in memory: takes time, fails with an unknown outcome, and keeps the port's promise that what
// is queued behind a failed append fails with it. Consumers all read everything: who may commit is for the store's fence to say.
import { type Clock, type EventLog, type LogEntry, LogUnavailable } from '@parley/ports';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';

interface Waiting {
  readonly entries: readonly LogEntry[];
  resolve(): void;
  reject(error: Error): void;
}

/** How late an append that its caller has given up on may still land. */
const LATE_MS = 1_500;

export function connectLog(durable: EventLog, life: Life, world: Clock, faults: Faults): EventLog {
  const queues = new Map<string, Waiting[]>();

  const land = async (topic: string, batch: readonly Waiting[]): Promise<void> => {
    const entries = batch.flatMap((one) => one.entries);
    await world.sleep(faults.between(1, 6));
    if (!faults.hits('append')) return durable.append(topic, entries);
    const fate = faults.pick(['lost', 'landed', 'late'] as const);
    if (fate === 'landed') await durable.append(topic, entries);
    if (fate === 'late') world.after(faults.between(1, LATE_MS), () => void durable.append(topic, entries));
    await world.sleep(faults.between(1, 300));
    throw new LogUnavailable('simulated: the append was not confirmed');
  };
  const pump = async (topic: string, queue: Waiting[]): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice();
      try {
        await life.ask(() => land(topic, batch));
        queue.splice(0, batch.length);
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of queue.splice(0)) one.reject(error as Error);
      }
    }
  };

  return {
    append: (topic, entries) =>
      new Promise((resolve, reject) => {
        const queue = queues.get(topic) ?? [];
        queues.set(topic, queue);
        queue.push({ entries, resolve, reject });
        if (queue.length === 1) void pump(topic, queue);
      }),
    async consume(topic, consumer) {
      const consumption = await durable.consume(topic, {
        ...consumer,
        group: null,
        start: (partitions, ends) => life.ask(() => consumer.start(partitions, ends)),
        handle: async (records) => {
          await life.ask(() => world.sleep(faults.between(1, 5)));
          await consumer.handle(records);
        },
      });
      life.onKill(() => void consumption.stop());
      return consumption;
    },
    ends: (topic) => life.ask(() => durable.ends(topic)),
  };
}
