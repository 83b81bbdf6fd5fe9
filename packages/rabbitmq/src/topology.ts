// The queues behind one queue of jobs, and their settings, all said explicitly: defaults differ between RabbitMQ 3.10 and 4. Only settings
// that both know. Changing one needs another prefix: RabbitMQ refuses a queue that exists with other settings.
import type { Channel } from 'amqplib';

/** How often a worker may die with a job in hand before RabbitMQ itself parks it: a fence behind the tries that workers count. */
export const DELIVERY_LIMIT = 20;
/** Looking at parked jobs counts as a delivery. RabbitMQ 4 would drop them after 20 looks if nothing were said. */
const NO_LIMIT = 1_000_000_000;
const LONGEST_DELAY_MS = 86_400_000;

export interface Names {
  main(queue: string): string;
  parked(queue: string): string;
  /** Both the exchange, which keeps the routing key, and the queue behind it, in which a job waits. */
  delay(ms: number): string;
}

export const namesWith = (prefix: string): Names => ({
  main: (queue) => `${prefix}${queue}`,
  parked: (queue) => `${prefix}${queue}.parked`,
  delay: (ms) => `${prefix}delay.${ms}`,
});

/** A wait as it can be had: two digits, rounded up, so that there are few queues to wait in. At most a day. */
export function roundedDelay(ms: number): number {
  const wanted = Math.min(Math.max(1, Math.ceil(ms)), LONGEST_DELAY_MS);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(wanted)) - 1);
  return Math.min(LONGEST_DELAY_MS, Math.ceil(wanted / unit) * unit);
}

const quorum = (rest: object): object => ({ 'x-queue-type': 'quorum', ...rest });
/** To the default exchange, and gone from here only when it is safe there. That strategy needs reject-publish. */
const deadLetter = { 'x-dead-letter-exchange': '', 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** What one channel has declared already. */
const declared = new WeakMap<Channel, Map<string, Promise<unknown>>>();

function once(channel: Channel, name: string, declare: () => Promise<unknown>): Promise<unknown> {
  const known = declared.get(channel) ?? new Map<string, Promise<unknown>>();
  declared.set(channel, known);
  const running = known.get(name) ?? declare();
  known.set(name, running);
  return running;
}

/** The queue and where its parked jobs go. */
export const declareQueue = (channel: Channel, names: Names, queue: string): Promise<unknown> =>
  once(channel, names.main(queue), async () => {
    const parked = names.parked(queue);
    await channel.assertQueue(parked, { durable: true, arguments: quorum({ 'x-delivery-limit': NO_LIMIT }) });
    const args = quorum({ ...deadLetter, 'x-dead-letter-routing-key': parked, 'x-delivery-limit': DELIVERY_LIMIT });
    await channel.assertQueue(names.main(queue), { durable: true, arguments: args });
  });

/** Where jobs of all queues wait `ms`, then go to the queue that their routing key names. One wait a queue: the first in is the first due. */
export const declareDelay = (channel: Channel, names: Names, ms: number): Promise<unknown> =>
  once(channel, names.delay(ms), async () => {
    const name = names.delay(ms);
    await channel.assertExchange(name, 'fanout', { durable: true });
    await channel.assertQueue(name, { durable: true, arguments: quorum({ ...deadLetter, 'x-message-ttl': ms, 'x-delivery-limit': DELIVERY_LIMIT }) });
    await channel.bindQueue(name, name, '');
  });
