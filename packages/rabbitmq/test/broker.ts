// A real broker for these tests, a queue on it, and a clean broker after them.
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missing } from '@parley/engines';
import { testRabbitmq } from '@parley/engines/testing';
import { systemClock, systemRng } from '@parley/ports';
import { type Channel, connect } from 'amqplib';
import { expect, onTestFinished, vi } from 'vitest';
import { createRabbitWorkQueue, type RabbitWorkQueue } from '../src/index.ts';
import { namesWith } from '../src/topology.ts';

export const without = missing('rabbitmq');
/** For the names of suites. */
export const leftOut = without === null ? '' : ` (left out: ${without})`;
export const broker = testRabbitmq;

/** Deletes what a test made: a shared broker outlives it. */
export async function removeQueues(url: string, prefix: string, queues: readonly string[], delays: readonly number[]): Promise<void> {
  const names = namesWith(prefix);
  await withChannel(url, async (channel) => {
    for (const queue of queues) for (const name of [names.main(queue), names.parked(queue)]) await channel.deleteQueue(name);
    for (const ms of delays) {
      await channel.deleteQueue(names.delay(ms));
      await channel.deleteExchange(names.delay(ms));
    }
  });
}

/** Past the adapter, as another client would. */
export async function withChannel<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

export interface Fresh {
  readonly url: string;
  readonly prefix: string;
  readonly queue: RabbitWorkQueue;
}

export const QUEUE = 'push.send';

/** A queue of this test alone, on the shared broker or on the one given. */
export async function freshQueue(own?: string): Promise<Fresh> {
  const url = own ?? (await broker()).url;
  const prefix = `${systemRng.id()}.`;
  const queue = createRabbitWorkQueue({ url, prefix, clock: systemClock, rng: systemRng });
  onTestFinished(async () => {
    await queue.close();
    await removeQueues(url, prefix, [QUEUE], [100, 2_000]);
  });
  return { url, prefix, queue };
}

/**
 * Resolves when a broker of `@parley/engines` in `folder` would know these queues again. RabbitMQ 3.10 writes the register of its quorum
 * queues half a second late: killed before, it has the queue and never a leader for it (docs/engines.md).
 */
export async function untilKept(folder: string, names: readonly string[]): Promise<void> {
  await vi.waitFor(
    () => {
      const registers = globSync('data/*/quorum/*/names.dets', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'latin1'));
      for (const name of names) expect(registers.some((text) => text.includes(name))).toBe(true);
    },
    { timeout: 10_000, interval: 50 },
  );
}

/** What an operator types, for a broker of `@parley/engines` in `folder`. */
export async function rabbitmqctl(folder: string, ...args: readonly string[]): Promise<void> {
  const { epmd } = JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as { epmd: number };
  const env = { PATH: '/usr/bin:/bin', HOME: join(folder, 'home'), ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'), ERL_EPMD_PORT: `${epmd}` };
  await promisify(execFile)('/usr/lib/rabbitmq/bin/rabbitmqctl', ['-n', 'parley@localhost', ...args], { env });
}
