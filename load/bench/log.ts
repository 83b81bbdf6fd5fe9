// The log in a real Kafka of one broker, each record flushed to the disk before it is acknowledged, by both clients in the same run: how long from
// append to consumer, and what a record costs this process, which produces and consumes.
import { missing } from '@parley/engines';
import { ownKafka } from '@parley/engines/testing';
import { createKafkaEventLog, ensureTopics, type KafkaEventLog } from '@parley/kafka';
import { systemClock as clock, type LogRecord, systemRng as rng } from '@parley/ports';
import { percentile, type Row } from './row.ts';

const CLIENTS = ['platformatic', 'kafkajs'] as const;
const TOPIC = 'bench';
const PARTITIONS = 4;
const BYTES = 300;
const STEADY = { perSecond: 200, ms: 5_000 };
const WARM = 100;
/** As many callers at once, each with so many entries, over and over. */
const LOAD = { callers: 16, entries: 25, ms: 3_000 };

interface Measured {
  readonly ackP50: number;
  readonly ackP99: number;
  readonly deliverP50: number;
  readonly deliverP99: number;
  readonly steadyCpu: number;
  readonly perSecond: number;
  readonly loadCpu: number;
}

/** Rows of both clients, kafkajs with platformatic as its baseline. None where Kafka cannot be had. */
export async function benchLog(repeats: number): Promise<Row[]> {
  const why = missing('kafka');
  if (why !== null) {
    console.log(`log: left out, ${why}`);
    return [];
  }
  const kafka = await ownKafka();
  try {
    const all = new Map<(typeof CLIENTS)[number], Measured[]>(CLIENTS.map((client) => [client, []]));
    // The first round of each warms the broker up and is not counted.
    for (let repeat = 0; repeat <= repeats; repeat++) {
      for (const client of CLIENTS) {
        const measured = await measure(kafka.url, client);
        if (repeat > 0) all.get(client)!.push(measured);
      }
    }
    return CLIENTS.flatMap((client) => rowsOf(client, all.get(client)!, client === 'kafkajs' ? all.get('platformatic')! : null));
  } finally {
    await kafka.stop();
  }
}

function rowsOf(client: string, own: readonly Measured[], baseline: readonly Measured[] | null): Row[] {
  const row = (what: string, unit: string, of: (one: Measured) => number): Row => ({
    name: `log by ${client}: ${what}`,
    unit,
    values: own.map(of),
    ...(baseline === null ? {} : { baseline: baseline.map(of) }),
  });
  return [
    row(`append, p50 at ${STEADY.perSecond}/s`, 'ms', (one) => one.ackP50),
    row(`append, p99 at ${STEADY.perSecond}/s`, 'ms', (one) => one.ackP99),
    row(`append to consumer, p50 at ${STEADY.perSecond}/s`, 'ms', (one) => one.deliverP50),
    row(`append to consumer, p99 at ${STEADY.perSecond}/s`, 'ms', (one) => one.deliverP99),
    row(`CPU of a record at ${STEADY.perSecond}/s`, 'us', (one) => one.steadyCpu),
    row('as many as it can', 'records/s', (one) => one.perSecond),
    row('CPU of a record then', 'us', (one) => one.loadCpu),
  ];
}

async function measure(brokers: string, client: (typeof CLIENTS)[number]): Promise<Measured> {
  const topicPrefix = `${rng.id()}.`;
  await ensureTopics({ brokers, profile: 'one', topics: { [TOPIC]: { partitions: PARTITIONS, retentionMs: 3_600_000 } }, topicPrefix });
  const log = createKafkaEventLog({ brokers, clientId: 'bench', client, topicPrefix, clock, rng });
  try {
    let handle: (records: readonly LogRecord[]) => void = () => undefined;
    const start = async (partitions: readonly number[]): Promise<Map<number, number>> => new Map(partitions.map((partition) => [partition, 0]));
    await log.consume(TOPIC, { group: 'bench', start, handle: async (records) => handle(records) });
    await warmUp(log, (next) => {
      handle = next;
    });
    const steady = await measureSteady(log, (next) => {
      handle = next;
    });
    const load = await measureLoad(log, (next) => {
      handle = next;
    });
    return { ...steady, ...load };
  } finally {
    await log.close();
  }
}

type SetHandle = (handle: (records: readonly LogRecord[]) => void) => void;

/** Until the consumer is there and follows. */
async function warmUp(log: KafkaEventLog, setHandle: SetHandle): Promise<void> {
  let seen = 0;
  setHandle((records) => {
    seen += records.length;
  });
  for (let nr = 1; nr <= WARM; nr++) {
    await log.append(TOPIC, [entry(nr % PARTITIONS, 0)]);
    while (seen < nr) await clock.sleep(1);
  }
}

async function measureSteady(log: KafkaEventLog, setHandle: SetHandle): Promise<Omit<Measured, 'perSecond' | 'loadCpu'>> {
  const count = (STEADY.perSecond * STEADY.ms) / 1_000;
  const sent = new Float64Array(count);
  const [acks, deliveries]: [number[], number[]] = [[], []];
  const done = Promise.withResolvers<void>();
  setHandle((records) => {
    const now = clock.monotonic();
    for (const { value } of records) deliveries.push(now - sent[Buffer.from(value).readUInt32LE(0)]!);
    if (deliveries.length === count) done.resolve();
  });
  const cpu = process.cpuUsage();
  const began = clock.monotonic();
  const appends: Promise<void>[] = [];
  for (let nr = 0; nr < count; ) {
    const due = Math.min(count, Math.ceil(((clock.monotonic() - began) * STEADY.perSecond) / 1_000));
    for (; nr < due; nr++) {
      const at = clock.monotonic();
      sent[nr] = at;
      appends.push(log.append(TOPIC, [entry(nr % PARTITIONS, nr)]).then(() => void acks.push(clock.monotonic() - at)));
    }
    await clock.sleep(1);
  }
  await Promise.all([...appends, done.promise]);
  const used = process.cpuUsage(cpu);
  for (const values of [acks, deliveries]) values.sort((a, b) => a - b);
  return {
    ackP50: percentile(acks, 0.5),
    ackP99: percentile(acks, 0.99),
    deliverP50: percentile(deliveries, 0.5),
    deliverP99: percentile(deliveries, 0.99),
    steadyCpu: (used.user + used.system) / count,
  };
}

async function measureLoad(log: KafkaEventLog, setHandle: SetHandle): Promise<Pick<Measured, 'perSecond' | 'loadCpu'>> {
  let [appended, consumed] = [0, 0];
  setHandle((records) => {
    consumed += records.length;
  });
  const cpu = process.cpuUsage();
  const began = clock.monotonic();
  const caller = async (): Promise<void> => {
    while (clock.monotonic() - began < LOAD.ms) {
      await log.append(
        TOPIC,
        Array.from({ length: LOAD.entries }, (_, nr) => entry(nr % PARTITIONS, nr)),
      );
      appended += LOAD.entries;
    }
  };
  await Promise.all(Array.from({ length: LOAD.callers }, caller));
  while (consumed < appended) await clock.sleep(1);
  const used = process.cpuUsage(cpu);
  return { perSecond: (appended * 1_000) / (clock.monotonic() - began), loadCpu: (used.user + used.system) / appended };
}

function entry(partition: number, nr: number): { partition: number; key: string; value: Uint8Array } {
  const value = Buffer.alloc(BYTES, 120);
  value.writeUInt32LE(nr, 0);
  return { partition, key: `room-${partition}`, value };
}
