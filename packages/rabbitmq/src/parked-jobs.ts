// Looks at parked jobs, which RabbitMQ only lets one do by taking them: they are taken, read and given back. They come back behind the others,
// so all are taken and put in order by time. Two who look at once would each see a part: in one process they take turns. Never gives a job
// up before its copy is safe in its queue.
import { type Clock, type ParkedJob, WorkUnavailable } from '@parley/ports';
import type { Channel, ChannelModel, GetMessage } from 'amqplib';
import { before } from './deadline.ts';
import { asParked, parkedAt } from './job-message.ts';
import type { Publisher } from './publisher.ts';
import { declareQueue, type Names } from './topology.ts';

export interface ParkedJobs {
  list(queue: string, limit: number): Promise<readonly ParkedJob[]>;
  retry(queue: string, ids: readonly string[]): Promise<number>;
  /** Counted by RabbitMQ: nothing is taken. */
  depths(queues: readonly string[]): Promise<readonly { readonly queue: string; readonly waiting: number; readonly parked: number }[]>;
}

const LOOK_MS = 30_000;
const COUNT_MS = 2_000;
/** Held at once while looking; with more than these, which are seen is RabbitMQ's choice. */
const MOST = 10_000;

/** `model` answers the connection that never publishes: an alarm does not stop it. */
export function createParkedJobs(model: () => ChannelModel | null, names: Names, publisher: Publisher, clock: Clock): ParkedJobs {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(() => before(clock, LOOK_MS, 'parked jobs', work()));
    turn = mine.catch(() => undefined);
    return mine;
  };
  const withChannel = async <T>(queue: string, look: (channel: Channel, name: string) => Promise<T>): Promise<T> => {
    const open = model();
    if (open === null) throw new WorkUnavailable('RabbitMQ is away');
    const channel = await open.createChannel();
    channel.on('error', () => undefined);
    try {
      await declareQueue(channel, names, queue);
      return await look(channel, names.parked(queue));
    } finally {
      // What was taken and not acknowledged goes back to its place.
      await channel.close().catch(() => undefined);
    }
  };

  const depthOf = (queue: string) =>
    before(
      clock,
      COUNT_MS,
      'the depth of a queue',
      withChannel(queue, async (channel, name) => {
        const [main, parked] = [await channel.checkQueue(names.main(queue)), await channel.checkQueue(name)];
        return { queue, waiting: main.messageCount, parked: parked.messageCount };
      }),
    );

  return {
    depths: (queues) => Promise.all(queues.map(depthOf)),
    list: (queue, limit) =>
      inTurn(() => withChannel(queue, async (channel, name) => (await takeAll(channel, name)).slice(0, limit).map((one) => asParked(queue, one)))),
    retry: (queue, ids) =>
      inTurn(() =>
        withChannel(queue, async (channel, name) => {
          const wanted = new Set(ids);
          const found = (await takeAll(channel, name)).filter((one) => wanted.has(asParked(queue, one).id));
          await publisher.publish(found.map(({ content }) => ({ queue, to: 'queue', body: content, headers: { attempts: 0 } })));
          for (const one of found) channel.ack(one);
          return found.length;
        }),
      ),
  };
}

/** Oldest first. */
async function takeAll(channel: Channel, name: string): Promise<GetMessage[]> {
  const taken: GetMessage[] = [];
  while (taken.length < MOST) {
    const one = await channel.get(name);
    if (one === false) break;
    taken.push(one);
  }
  return taken.sort((a, b) => parkedAt(a) - parkedAt(b));
}
