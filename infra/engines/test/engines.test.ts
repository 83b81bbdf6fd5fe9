// Each engine as a process: it serves, keeps what it acknowledged over kill -9, and leaves nothing behind however its starter ends.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, globSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Engine, type EngineName, jarsFolder, missing, startKafka, startPostgres, startRabbitmq, startRedis } from '@parley/engines';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const STARTER = fileURLToPath(new URL('./starter.ts', import.meta.url));

interface Subject {
  readonly start: typeof startRedis;
  /** Whether what was made beside the data is on disk too. */
  settled?(folder: string): boolean;
  /** Writes so that the engine has acknowledged it. */
  write(url: string): Promise<void>;
  /** What was written. */
  read(url: string): Promise<string | undefined>;
}

const kafkaAt = (url: string): Kafka => new Kafka({ brokers: [url], clientId: 'engines-test', logLevel: logLevel.NOTHING });

const redis: Subject = {
  start: startRedis,
  write: (url) => withRedis(url, async (client) => void (await client.set('word', 'kept'))),
  read: (url) => withRedis(url, async (client) => (await client.get('word')) ?? undefined),
};
async function withRedis<Result>(url: string, use: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(url, { maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

const postgres: Subject = {
  start: startPostgres,
  write: (url) => withPostgres(url, async (client) => void (await client.query("CREATE TABLE word AS SELECT 'kept' AS word"))),
  read: (url) => withPostgres(url, async (client) => (await client.query<{ word: string }>('SELECT word FROM word')).rows[0]?.word),
};
async function withPostgres<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const rabbitmq: Subject = {
  start: startRabbitmq,
  write: async (url) => {
    const connection = await amqp.connect(url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('word', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('word', Buffer.from('kept'), { persistent: true });
    await channel.waitForConfirms();
    await connection.close();
  },
  // RabbitMQ 3.10 writes the register of its quorum queues half a second late: killed before, it has the queue and never a leader for it.
  settled: (folder) => globSync('data/*/quorum/*/names.dets', { cwd: folder }).some((file) => readFileSync(join(folder, file), 'latin1').includes('word')),
  read: async (url) => {
    const connection = await amqp.connect(url);
    const channel = await connection.createChannel();
    // A quorum queue that just came back answers when it has a leader.
    const message = await vi.waitUntil(() => channel.get('word', { noAck: true }), { timeout: 15_000 });
    await connection.close();
    return message.content.toString();
  },
};

const kafka: Subject = {
  start: startKafka,
  write: async (url) => {
    const admin = kafkaAt(url).admin();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'word', numPartitions: 1, replicationFactor: 1 }] });
    await admin.disconnect();
    const producer = kafkaAt(url).producer();
    await producer.connect();
    await producer.send({ topic: 'word', acks: -1, messages: [{ value: 'kept' }] });
    await producer.disconnect();
  },
  read: async (url) => {
    const consumer = kafkaAt(url).consumer({ groupId: 'reader' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'word', fromBeginning: true });
    const read = await new Promise<string | undefined>((resolve, reject) => {
      consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) }).catch(reject);
    });
    await consumer.disconnect();
    return read;
  },
};

const SUBJECTS: Readonly<Record<EngineName, Subject>> = { redis, postgres, rabbitmq, kafka };

/** Processes whose output goes into the folder, or whose command or environment names it: what an engine leaves behind would. */
const inFolder = (folder: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => TELLING.some((read) => attempt(() => read(`/proc/${pid}`))?.includes(folder)));

// Redis and Postgres write their titles over their command and environment.
const TELLING = [
  (proc: string) => readlinkSync(`${proc}/fd/1`),
  (proc: string) => readFileSync(`${proc}/cmdline`, 'latin1'),
  (proc: string) => readFileSync(`${proc}/environ`, 'latin1'),
];

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

for (const [name, subject] of Object.entries(SUBJECTS) as [EngineName, Subject][]) {
  const why = missing(name);
  describe.skipIf(why !== null || process.platform !== 'linux')(`${name}${why === null ? '' : ` (left out: ${why})`}`, () => {
    let folder: string;
    let engine: Engine;
    const starters: ChildProcess[] = [];
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), `parley-engine-${name}-`));
      engine = await subject.start({ folder });
    });
    afterEach(() => {
      for (const starter of starters) starter.kill('SIGKILL');
    });
    afterAll(async () => {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('keeps what it acknowledged over kill -9, under the same address', async () => {
      const { url, pid } = engine;
      await subject.write(url);
      await vi.waitUntil(() => subject.settled?.(folder) ?? true, { timeout: 10_000 });
      await engine.kill();
      expect(engine.pid).toBe(0);
      expect(inFolder(folder)).toEqual([]);
      await engine.start();
      expect(engine.url).toBe(url);
      expect(engine.pid).not.toBe(pid);
      expect(await subject.read(url)).toBe('kept');
    });

    it('stops in good order also when it is paused, leaves nothing running, and does not mind a second stop', async () => {
      engine.pause();
      await engine.stop();
      await engine.stop();
      expect(inFolder(folder)).toEqual([]);
    });

    it('ends when its starter is killed with -9, and the next start finds the folder free', async () => {
      const { child, pid } = await startElsewhere(name, folder, {});
      starters.push(child);
      expect(inFolder(folder)).toContain(String(pid));
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(inFolder(folder)).toEqual([]), { timeout: 10_000 });
      await engine.start();
      expect(engine.pid).toBeGreaterThan(0);
    });

    it.skipIf(process.getuid?.() !== 0)('starts for an ordinary user too (tried only as root)', async () => {
      const theirs = mkdtempSync(join(tmpdir(), `parley-engine-${name}-`));
      chmodSync(theirs, 0o700);
      const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      // Where this checkout is in a folder that only root may enter, another user cannot even read it: root under that user's number can.
      const mayRead = spawnSync(user[0] as string, [...user.slice(1), 'test', '-r', STARTER]).status === 0;
      if (mayRead) chownSync(theirs, 65_534, 65_534);
      const become = mayRead ? user : ['unshare', '--user', '--map-user=65534', '--map-group=65534'];
      if (name === 'kafka') {
        // Root's own cache is closed to them.
        cpSync(jarsFolder(), join(theirs, basename(jarsFolder())), { recursive: true });
        chmodSync(join(theirs, basename(jarsFolder())), 0o755);
      }
      const { child, url } = await startElsewhere(name, theirs, { become, env: { ...process.env, HOME: theirs, PARLEY_ENGINES_CACHE: theirs } });
      starters.push(child);
      await subject.write(url);
      expect(inFolder(theirs).length).toBeGreaterThan(0);
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(inFolder(theirs)).toEqual([]), { timeout: 10_000 });
      rmSync(theirs, { recursive: true, force: true });
    });
  });
}

async function startElsewhere(
  name: string,
  folder: string,
  { become = [], env = process.env }: { readonly become?: readonly string[]; readonly env?: NodeJS.ProcessEnv },
): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const [program = '', ...args] = [...become, process.execPath, STARTER, name, folder];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  if (child.stdout === null) throw new Error('no output');
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the starter ended with ${code}`)));
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  const [pid = '', url = ''] = line.split(' ');
  return { child, pid: Number(pid), url };
}
