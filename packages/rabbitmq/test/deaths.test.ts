// What dies, and what must not be lost by it: a worker, the broker, the broker's memory, a queue.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Engine, startRabbitmq } from '@parley/engines';
import { passingFolder } from '@parley/engines/testing';
import { type JobAttempt, systemClock, systemRng, WorkUnavailable } from '@parley/ports';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRabbitWorkQueue, type RabbitWorkQueue } from '../src/index.ts';
import { namesWith } from '../src/topology.ts';
import { freshQueue, leftOut, QUEUE, rabbitmqctl, untilKept, withChannel, without } from './broker.ts';

const jobs = (...ids: readonly string[]) => ids.map((id) => ({ queue: QUEUE, id, payload: { id } }));
const soon = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const forgetting = { backoffMs: () => 100 };

/** Ms until it rejects, which it must, as unavailable. */
async function refusedAfter(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await expect(work).rejects.toThrow(WorkUnavailable);
  return performance.now() - began;
}

describe.skipIf(without !== null)(`RabbitMQ's work queue${leftOut}`, () => {
  it('gives the jobs of a worker that was killed to another', async () => {
    const { url, prefix, queue } = await freshQueue();
    await queue.enqueue(jobs('1', '2', '3'));
    const child = spawn(process.execPath, [fileURLToPath(new URL('hanging-worker.ts', import.meta.url)), url, prefix, QUEUE], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const taken: string[] = [];
    createInterface(child.stdout).on('line', (id) => taken.push(id));
    await soon(() => expect(taken.sort()).toEqual(['1', '2', '3']));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const seen: JobAttempt[] = [];
    await queue.work(QUEUE, async (job) => void seen.push(job));
    await soon(() => expect(seen.map(({ id, attempt }) => `${id} try ${attempt}`).sort()).toEqual(['1 try 2', '2 try 2', '3 try 2']));
  });

  it('parks a job whose workers always die, with a reason, and it can be put back', async () => {
    const { url, prefix, queue } = await freshQueue();
    await queue.enqueue(jobs('deadly'));
    await withChannel(url, async (channel) => {
      const taken = await channel.get(namesWith(prefix).main(QUEUE));
      if (taken !== false) channel.nack(taken, false, true);
      for (let died = 1; died <= 20; died++) {
        const again = await channel.get(namesWith(prefix).main(QUEUE));
        if (again !== false) channel.nack(again, false, true);
      }
    });
    await soon(async () => expect(await queue.parked(QUEUE, 10)).toMatchObject([{ id: 'deadly', reason: 'no worker lived long enough to finish it' }]));
    expect(await queue.retry(QUEUE, ['deadly'])).toBe(1);
    const seen: JobAttempt[] = [];
    await queue.work(QUEUE, async (job) => void seen.push(job));
    await soon(() => expect(seen).toEqual([{ ...jobs('deadly')[0], attempt: 1 }]));
  });

  it('parks what is not a job as it is, and goes on', async () => {
    const { url, prefix, queue } = await freshQueue();
    await queue.enqueue(jobs('before'));
    await withChannel(url, async (channel) => {
      channel.sendToQueue(namesWith(prefix).main(QUEUE), Buffer.from('{"not": a job'));
      channel.sendToQueue(namesWith(prefix).main(QUEUE), Buffer.from('{"id":7,"payload":1}'), { headers: { attempts: 'many' } });
      await channel.checkQueue(namesWith(prefix).main(QUEUE));
    });
    await queue.enqueue(jobs('after'));
    const seen: string[] = [];
    await queue.work(QUEUE, async ({ id }) => void seen.push(id), { concurrency: 1 });
    await soon(() => expect(seen).toEqual(['before', 'after']));
    expect(await queue.parked(QUEUE, 10)).toEqual([
      { queue: QUEUE, id: '', payload: '{"not": a job', attempt: 1, reason: 'this is not a job' },
      { queue: QUEUE, id: '', payload: '{"id":7,"payload":1}', attempt: 1, reason: 'this is not a job' },
    ]);
  });

  it('keeps parked jobs and their order, however often somebody looks', async () => {
    const { queue } = await freshQueue();
    await queue.enqueue(jobs('1', '2', '3'));
    const worker = await queue.work(QUEUE, async () => Promise.reject(new Error('no')), { tries: 1, concurrency: 1 });
    const ids = async (limit: number): Promise<string[]> => (await queue.parked(QUEUE, limit)).map(({ id }) => id);
    await soon(async () => expect(await ids(10)).toEqual(['1', '2', '3']));
    for (let look = 0; look < 30; look++) expect(await ids(2)).toEqual(['1', '2']);
    const both = await Promise.all([ids(10), ids(10), queue.retry(QUEUE, [])]);
    expect(both).toEqual([['1', '2', '3'], ['1', '2', '3'], 0]);
    await worker.stop();
  });

  it('makes a queue anew that somebody deleted, also under a worker', async () => {
    const { url, prefix, queue } = await freshQueue();
    const seen: string[] = [];
    await queue.work(QUEUE, async ({ id }) => void seen.push(id));
    await queue.enqueue(jobs('1'));
    await soon(() => expect(seen).toEqual(['1']));
    await withChannel(url, (channel) => channel.deleteQueue(namesWith(prefix).main(QUEUE)));
    await soon(async () => {
      await queue.enqueue(jobs('2'));
      expect(seen).toContain('2');
    });
  });

  it('starts while the broker is away, refuses in time, says so without the password, and ends', async () => {
    const queue = createRabbitWorkQueue({ url: 'amqp://parley:hidden@127.0.0.1:1', clock: systemClock, rng: systemRng });
    await queue.work(QUEUE, async () => undefined);
    expect(await refusedAfter(queue.enqueue(jobs('1')))).toBeLessThan(4_000);
    await expect(queue.parked(QUEUE, 1)).rejects.toThrow(WorkUnavailable);
    expect(queue.problems()).toEqual(['RabbitMQ is away: connect ECONNREFUSED 127.0.0.1:1']);
    await queue.close();
    await queue.close();
  });
});

describe.skipIf(without !== null)(`RabbitMQ's work queue, on a broker that suffers${leftOut}`, () => {
  const folder = without === null ? passingFolder('parley-test-rabbitmq-') : '';
  let engine: Engine;
  const healthy = (queue: RabbitWorkQueue): Promise<void> => soon(() => expect(queue.problems()).toEqual([]));
  /** The broker looks at its memory now and then: what comes before it has looked is taken. */
  const runOutOfMemory = async (queue: RabbitWorkQueue): Promise<void> => {
    await rabbitmqctl(folder, 'set_vm_memory_high_watermark', '0.0001');
    await soon(() => expect(queue.enqueue(jobs('tried'))).rejects.toThrow(WorkUnavailable));
  };
  const giveMemory = (): Promise<void> => rabbitmqctl(folder, 'set_vm_memory_high_watermark', 'absolute', '512MiB');
  beforeAll(async () => {
    engine = await startRabbitmq({ folder });
  });
  afterAll(() => engine?.stop());

  it('has every job after kill -9 of the broker: waiting, in hand, delayed and parked', async () => {
    const { queue, prefix } = await freshQueue(engine.url);
    const ids = Array.from({ length: 100 }, (_, nr) => `waiting ${nr}`);
    await queue.enqueue(jobs('parked'));
    const parker = await queue.work(QUEUE, async () => Promise.reject(new Error('never')), { tries: 1 });
    await soon(async () => expect(await queue.parked(QUEUE, 10)).toMatchObject([{ id: 'parked' }]));
    await parker.stop();
    await queue.enqueue(jobs('delayed', 'in hand'));
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const begun: string[] = [];
    const seen = new Set<string>();
    const handle = async ({ id, attempt }: JobAttempt): Promise<void> => {
      begun.push(id);
      if (id === 'delayed' && attempt === 1) throw new Error('later');
      if (attempt === 1) await gate;
      seen.add(id);
    };
    await queue.work(QUEUE, handle, { backoffMs: () => 2_000, concurrency: 3 });
    await soon(() => expect(begun.sort()).toEqual(['delayed', 'in hand']));
    await queue.enqueue(jobs(...ids));
    await untilKept(folder, [`${prefix}${QUEUE}`, `${prefix}${QUEUE}.parked`, `${prefix}delay.2000`]);

    await engine.kill();
    expect(await refusedAfter(queue.enqueue(jobs('while away')))).toBeLessThan(4_000);
    expect(queue.problems().join()).toMatch(/^RabbitMQ is away/);
    open();
    await engine.start();

    await soon(() => expect([...seen].sort()).toEqual(['delayed', 'in hand', ...ids].sort()));
    await healthy(queue);
    expect(await queue.parked(QUEUE, 10)).toMatchObject([{ id: 'parked', reason: 'never' }]);
    await queue.enqueue(jobs('after'));
    await soon(() => expect(seen).toContain('after'));
  });

  it('refuses in time while the broker is short of memory, loses no job that fails then, and goes on by itself', async () => {
    const { queue } = await freshQueue(engine.url);
    await healthy(queue);
    const begun: string[] = [];
    let fail: () => void = () => undefined;
    const failing = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const seen: JobAttempt[] = [];
    await queue.work(
      QUEUE,
      async (job) => {
        begun.push(job.id);
        if (job.id !== '1' || job.attempt > 1) return void seen.push(job);
        await failing;
        throw new Error('not yet');
      },
      forgetting,
    );
    await queue.enqueue(jobs('1'));
    await soon(() => expect(begun).toEqual(['1']));
    await runOutOfMemory(queue);
    const refused = [await refusedAfter(queue.enqueue(jobs('2'))), await refusedAfter(queue.enqueue(jobs('3')))];
    expect(Math.max(...refused)).toBeLessThan(4_000);
    await soon(() => expect(queue.problems()).toEqual(['RabbitMQ takes no jobs: low on memory']));
    fail();
    // Taking parked jobs is not publishing: it works meanwhile.
    expect(await queue.parked(QUEUE, 10)).toEqual([]);
    await giveMemory();
    await soon(() => expect(seen).toContainEqual({ ...jobs('1')[0], attempt: 2 }));
    await healthy(queue);
    await queue.enqueue(jobs('4'));
    await soon(() => expect(begun).toContain('4'));
  });

  it('ends although the broker is short of memory', async () => {
    const queue = createRabbitWorkQueue({ url: engine.url, prefix: `${systemRng.id()}.`, clock: systemClock, rng: systemRng });
    await queue.enqueue(jobs('1'));
    await runOutOfMemory(queue);
    const began = performance.now();
    await queue.close();
    expect(performance.now() - began).toBeLessThan(4_000);
    await giveMemory();
  });
});
