// `parley jobs` as it is typed, against both queues that there are.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing } from '@parley/engines';
import { testRabbitmq } from '@parley/engines/testing';
import { systemClock as clock, systemRng as rng, type WorkQueue } from '@parley/ports';
import { createPostgresWorkQueue, ensureDatabase, startEmbeddedPostgres } from '@parley/postgres';
import { createRabbitWorkQueue } from '@parley/rabbitmq';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const parley = (settings: Record<string, string>, ...args: readonly string[]): Promise<Said> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', ...settings };
    execFile(process.execPath, [CLI, 'jobs', ...args], { env }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });

/** Parks jobs `1` and `2`, stopping to work then. */
async function parkTwo(queue: WorkQueue, name: string): Promise<void> {
  await queue.enqueue(['1', '2'].map((id) => ({ queue: name, id, payload: 'a secret' })));
  const worker = await queue.work(name, async () => Promise.reject(new Error('no \u001b[31mluck')), { tries: 1, concurrency: 1 });
  await vi.waitFor(async () => expect(await queue.parked(name, 10)).toHaveLength(2), 20_000);
  await worker.stop();
}

/** What is the same wherever the queue is. */
async function listAndRetry(settings: Record<string, string>, queue: WorkQueue, name: string): Promise<void> {
  const listed = await parley(settings, 'list', '--queue', name, '--json');
  const reason = 'no \u001b[31mluck';
  expect(JSON.parse(listed.out)).toEqual({
    jobs: [
      { queue: name, id: '1', attempts: 1, reason },
      { queue: name, id: '2', attempts: 1, reason },
    ],
  });
  const forPeople = await parley(settings, 'list', '--queue', name);
  expect(forPeople.out).toContain('2 given up');
  for (const hidden of ['secret', '\u001b']) expect(forPeople.out).not.toContain(hidden);
  expect(await parley(settings, 'retry', '2', 'nothing', '--queue', name, '--json')).toMatchObject({ code: 1, out: '{"retried":1}\n' });
  const seen: string[] = [];
  const worker = await queue.work(name, async ({ id, attempt }) => void seen.push(`${id} try ${attempt}`));
  await vi.waitFor(() => expect(seen).toEqual(['2 try 1']), 20_000);
  expect(await parley(settings, 'retry', '--all', '--queue', name)).toMatchObject({ code: 0, out: '1 put back.\n' });
  await vi.waitFor(() => expect(seen).toEqual(['2 try 1', '1 try 1']), 20_000);
  await worker.stop();
}

describe('parley jobs', () => {
  it('lists and puts back the jobs of a data folder while it runs, and when it does not', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'parley-jobs-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true }));
    const server = await startEmbeddedPostgres({ dataDir });
    onTestFinished(() => server.stop());
    await ensureDatabase(server.connection('postgres'), 'parley_log');
    const queue = await createPostgresWorkQueue({ connection: server.connection('parley_log'), clock, rng });
    const settings = { PARLEY_DATA: dataDir };
    await parkTwo(queue, 'push.send');
    await listAndRetry(settings, queue, 'push.send');
    await parkTwo(queue, 'push.send');
    await queue.close();
    await server.stop();
    expect(JSON.parse((await parley(settings, 'list', '--json')).out)).toMatchObject({ jobs: [{ id: '1' }, { id: '2' }] });
  });

  it('says what is wrong: no folder, no broker, nothing named', async () => {
    expect(await parley({ PARLEY_DATA: '/nowhere' }, 'list')).toMatchObject({ code: 1, err: expect.stringContaining('set PARLEY_DATA') });
    const away = await parley({ RABBITMQ_URL: 'amqp://me:hidden@127.0.0.1:1' }, 'list');
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining('Check RABBITMQ_URL') });
    expect(away.err).not.toContain('hidden');
    expect(await parley({}, 'retry')).toMatchObject({ code: 1, err: expect.stringContaining('--all') });
  });
});

const why = missing('rabbitmq');
describe.skipIf(why !== null)(`parley jobs on RabbitMQ${why === null ? '' : ` (left out: ${why})`}`, () => {
  it('lists and puts back the jobs of RABBITMQ_URL', async () => {
    const { url } = await testRabbitmq();
    const prefix = `${rng.id()}.`;
    const queue = createRabbitWorkQueue({ url, prefix, clock, rng });
    onTestFinished(() => queue.close());
    await parkTwo(queue, 'push.send');
    await listAndRetry({ RABBITMQ_URL: url, RABBITMQ_PREFIX: prefix }, queue, 'push.send');
  });
});
