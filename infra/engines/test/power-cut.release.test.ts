// Power cuts, for real: what Kafka (one broker, flush.messages=1) and Postgres acknowledged is there after each, and a topic that is not
// flushed loses records, so the cuts are cuts. Run by verify:release. PARLEY_CUTS: how many of each; PARLEY_SEED: another schedule.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, missing, startKafka, startPostgres } from '@parley/engines';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDisk, cutPower, type Disk, missingPowerCut } from '../src/power-cut/disk.ts';

const CUTS = Number(process.env.PARLEY_CUTS ?? 20);
const SEED = Number(process.env.PARLEY_SEED ?? 12);
const WRITERS = 8;
const why = missingPowerCut() ?? missing('kafka');

let folder: string;
let disk: Disk;
let engine: Engine | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-power-'));
  disk = await createDisk(folder, 768);
});
afterEach(async () => {
  // After a failed cut it cannot even note that it stopped; its guard ends it with us.
  await engine?.stop().catch(() => undefined);
  engine = undefined;
  await disk.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** mulberry32: the moments of the cuts come from the seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Round {
  /** What was acknowledged in it. */
  readonly acknowledged: readonly string[];
}

/** Writers write until their first error; the power goes at a moment of the seed after the first acknowledgement. */
async function writeUntilCut(
  round: number,
  write: (id: string, writer: number) => Promise<void>,
  random: () => number,
  cut: () => Promise<void>,
): Promise<Round> {
  const acknowledged: string[] = [];
  let first: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    first = resolve;
  });
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let count = 0; ; count++) {
      const id = `${round}-${writer}-${count}`;
      try {
        await write(id, writer);
      } catch {
        // Unknown, not failed: it may be there or not.
        return;
      }
      acknowledged.push(id);
      first();
    }
  });
  await begun;
  const at = performance.now() + 50 + random() * 450;
  await new Promise((resolve) => setTimeout(resolve, at - performance.now()));
  await cut();
  await Promise.all(writers);
  return { acknowledged };
}

describe.skipIf(why !== null)(`a power cut${why === null ? '' : ` (left out: ${why})`}`, () => {
  it('drops what was not synced and keeps what was', async () => {
    mkdirSync(join(disk.path, 'words'));
    writeFileSync(join(disk.path, 'words', 'synced'), 'kept');
    await disk.sync();
    writeFileSync(join(disk.path, 'words', 'unsynced'), 'lost');
    await disk.cut();
    expect(() => writeFileSync(join(disk.path, 'words', 'later'), '')).toThrow();
    await disk.remount();
    expect(readdirSync(join(disk.path, 'words'))).toEqual(['synced']);
  });

  it(`${CUTS} times: Postgres has every row that it committed`, { timeout: 30_000 + CUTS * 20_000 }, async () => {
    engine = await startPostgres({ folder: join(disk.path, 'postgres') });
    const running = engine;
    const random = randomFrom(SEED);
    const acknowledged: string[] = [];
    await withPostgres(running.url, (pool) => pool.query('CREATE TABLE word (id text PRIMARY KEY)'));
    await disk.sync();
    for (let round = 0; round < CUTS; round++) {
      const done = await withPostgres(running.url, (pool) =>
        writeUntilCut(
          round,
          async (id) => void (await pool.query('INSERT INTO word VALUES ($1)', [id])),
          random,
          () => cutPower(disk, running),
        ),
      );
      acknowledged.push(...done.acknowledged);
    }
    const { rows } = await withPostgres(running.url, (pool) => pool.query<{ id: string }>('SELECT id FROM word'));
    const kept = new Set(rows.map((row) => row.id));
    console.log(`postgres: ${CUTS} cuts, seed ${SEED}: ${acknowledged.length} acknowledged, ${kept.size} kept`);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });

  it(`${CUTS} times: Kafka has every record that it acknowledged in a flushed topic, and not in one that is not`, {
    timeout: 60_000 + CUTS * 30_000,
  }, async () => {
    engine = await startKafka({ folder: join(disk.path, 'kafka') });
    const running = engine;
    const random = randomFrom(SEED);
    const client = (): Kafka => new Kafka({ brokers: [running.url], clientId: 'power', logLevel: logLevel.NOTHING });
    const admin = client().admin();
    const one = { numPartitions: 1, replicationFactor: 1 };
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { ...one, topic: 'flushed', configEntries: [{ name: 'flush.messages', value: '1' }] },
        { ...one, topic: 'unflushed' },
      ],
    });
    await admin.disconnect();
    await disk.sync();
    const acknowledged = { flushed: [] as string[], unflushed: [] as string[] };
    for (let round = 0; round < CUTS; round++) {
      const producer = client().producer({ retry: { retries: 0 } });
      await connected(producer);
      const topicOf = (writer: number): 'flushed' | 'unflushed' => (writer % 2 === 0 ? 'flushed' : 'unflushed');
      const send = async (id: string, writer: number) =>
        void (await producer.send({ topic: topicOf(writer), acks: -1, timeout: 4000, messages: [{ value: id }] }));
      const done = await writeUntilCut(round, send, random, () => cutPower(disk, running));
      for (const id of done.acknowledged) acknowledged[topicOf(Number(id.split('-')[1]))].push(id);
      await producer.disconnect();
    }
    const lost = { flushed: 0, unflushed: 0 };
    for (const topic of ['flushed', 'unflushed'] as const) {
      const kept = await readAll(client(), topic);
      lost[topic] = acknowledged[topic].filter((id) => !kept.has(id)).length;
      console.log(`kafka, ${topic}: ${CUTS} cuts, seed ${SEED}: ${acknowledged[topic].length} acknowledged, ${lost[topic]} of them lost`);
    }
    expect(lost.flushed).toBe(0);
    expect(lost.unflushed).toBeGreaterThan(0);
  });
});

async function withPostgres<Result>(url: string, use: (pool: pg.Pool) => Promise<Result>): Promise<Result> {
  const pool = new pg.Pool({ connectionString: url, max: WRITERS });
  pool.on('error', () => undefined);
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}

/** A broker that just came back is asked until it leads its partitions again. */
async function connected(producer: Producer): Promise<void> {
  await producer.connect();
  const deadline = performance.now() + 20_000;
  for (const topic of ['flushed', 'unflushed']) {
    for (;;) {
      const error = await producer.send({ topic, acks: -1, messages: [{ value: 'hello' }] }).then(
        () => null,
        (reason: Error) => reason,
      );
      if (error === null) break;
      if (performance.now() > deadline) throw error;
    }
  }
}

async function readAll(client: Kafka, topic: string): Promise<ReadonlySet<string>> {
  const admin = client.admin();
  await admin.connect();
  const end = Number((await admin.fetchTopicOffsets(topic))[0]?.high ?? 0);
  await admin.disconnect();
  const found = new Set<string>();
  // Nothing of it was ever on the disk.
  if (end === 0) return found;
  const consumer = client.consumer({ groupId: `reader-of-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const take = async (offset: string, value: string): Promise<void> => {
      found.add(value);
      if (Number(offset) >= end - 1) resolve();
    };
    consumer.run({ eachMessage: ({ message }) => take(message.offset, String(message.value)) }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}
