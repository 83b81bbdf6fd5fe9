// An EventLog that counts: how long an append takes, and how far each consumer is behind the end of its partitions.
import type { Clock, EventLog, LogConsumer } from '@parley/ports';
import type { Metrics, Reading } from '../metrics.ts';

const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Ends are asked for when somebody looks, and not waited for longer than this: a log that hangs must not hide all other numbers. */
const ENDS_MS = 2_000;

/** The same log; only groups are measured, because a reader of its own begins anew at each start. */
export function measureLog<L extends EventLog>(log: L, metrics: Metrics, clock: Clock): L {
  const seconds = metrics.histogram('parley_log_append_seconds', 'Time until appended entries are durable, or refused.', BUCKETS_S, ['topic', 'outcome']);
  const read = metrics.counter('parley_log_records_total', 'Records of the log that were handled.', ['topic', 'group']);
  const failures = metrics.counter('parley_log_handle_failures_total', 'Batches of the log that could not be handled and come again.', ['topic', 'group']);
  const groups = new Map<string, { topic: string; group: string; places: Map<number, number> }>();
  const lagOf = async ({ topic, group, places }: { topic: string; group: string; places: ReadonlyMap<number, number> }): Promise<Reading[]> => {
    if (places.size === 0) return [];
    const late = new Promise<never>((_, reject) => clock.after(ENDS_MS, () => reject(new Error('The log does not say where it ends.'))));
    const { partitions } = await Promise.race([log.ends(topic), late]);
    return partitions.flatMap(({ partition, next }) => {
      const place = places.get(partition);
      return place === undefined ? [] : [{ value: Math.max(0, next - place), labels: { topic, group, partition: String(partition) } }];
    });
  };
  metrics.watch('parley_log_consumer_lag', 'Records between a consumer and the end of its partition.', ['topic', 'group', 'partition'], async () =>
    (await Promise.all([...groups.values()].map(lagOf))).flat(),
  );
  const measured = (topic: string, group: string, consumer: LogConsumer): LogConsumer => {
    const own = { topic, group, places: new Map<number, number>() };
    groups.set(`${topic} ${group}`, own);
    return {
      ...consumer,
      async start(partitions, ends) {
        own.places.clear();
        const from = await consumer.start(partitions, ends);
        for (const [partition, next] of from) own.places.set(partition, next);
        return from;
      },
      async handle(records) {
        try {
          await consumer.handle(records);
        } catch (error) {
          failures.inc({ topic, group });
          throw error;
        }
        read.inc({ topic, group }, records.length);
        for (const { partition, offset } of records) own.places.set(partition, offset + 1);
      },
    };
  };
  return {
    ...log,
    async append(topic, entries) {
      const began = clock.monotonic();
      const observe = (outcome: string): void => seconds.observe({ topic, outcome }, (clock.monotonic() - began) / 1_000);
      await log.append(topic, entries).then(
        () => observe('durable'),
        (error: unknown) => {
          observe('failed');
          throw error;
        },
      );
    },
    consume: (topic, consumer) => log.consume(topic, consumer.group === null ? consumer : measured(topic, consumer.group, consumer)),
  };
}
