// A real broker for these tests, and a clean one after them.
import { connect } from 'amqplib';
import { namesWith } from '../src/topology.ts';

export const without: string | null = null;
export const broker = async (): Promise<{ url: string }> => ({ url: process.env.PARLEY_TEST_RABBITMQ_URL ?? '' });

/** Deletes what a test made: a shared broker outlives it. */
export async function removeQueues(url: string, prefix: string, queues: readonly string[], delays: readonly number[]): Promise<void> {
  const names = namesWith(prefix);
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const queue of queues) for (const name of [names.main(queue), names.parked(queue)]) await channel.deleteQueue(name);
  for (const ms of delays) {
    await channel.deleteQueue(names.delay(ms));
    await channel.deleteExchange(names.delay(ms));
  }
  await connection.close();
}
