// Puts jobs into RabbitMQ and knows that they are there: confirmed, persistent, to a queue that exists, within a deadline. What was not
// confirmed in time is unknown, never failed. While the broker takes nothing, nothing is written to it: waiting costs no memory here.
import { type Clock, WorkUnavailable } from '@parley/ports';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { before } from './deadline.ts';
import type { JobHeaders } from './job-message.ts';
import { end } from './link.ts';
import { declareDelay, declareQueue, type Names } from './topology.ts';

export interface Outgoing {
  readonly queue: string;
  readonly to: 'queue' | 'parked' | { readonly delayMs: number };
  readonly body: Buffer;
  readonly headers: JobHeaders;
}

export interface Publisher {
  /** Rejects with WorkUnavailable within 4 s: not known whether they are there. */
  publish(jobs: readonly Outgoing[]): Promise<void>;
  open(model: ChannelModel): Promise<void>;
  lost(): void;
  blocked(reason: string | null): void;
}

/** With what a busy process adds to it, within 4 s. */
const DEADLINE_MS = 3_500;
/** Unconfirmed at once for one caller. */
const CHUNK = 256;

interface Line {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  readonly returned: Set<string>;
}

export function createPublisher(names: Names, clock: Clock): Publisher {
  let line: Line | null = null;
  let alarm: string | null = null;
  let next = 0;
  const waiting = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake();
  };

  const untilOpen = async (endsAt: number): Promise<Line> => {
    while (line === null || alarm !== null) {
      let wake = (): void => undefined;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      waiting.add(wake);
      const why = alarm === null ? 'RabbitMQ is away' : `RabbitMQ takes no jobs (${alarm})`;
      await before(clock, endsAt - clock.monotonic(), why, woken).finally(() => waiting.delete(wake));
    }
    return line;
  };
  const declare = (channel: ConfirmChannel, { queue, to }: Outgoing): Promise<unknown> =>
    typeof to === 'object' ? Promise.all([declareQueue(channel, names, queue), declareDelay(channel, names, to.delayMs)]) : declareQueue(channel, names, queue);
  const address = ({ queue, to }: Outgoing): [exchange: string, key: string] =>
    to === 'queue' ? ['', names.main(queue)] : to === 'parked' ? ['', names.parked(queue)] : [names.delay(to.delayMs), names.main(queue)];

  const publishOne = ({ model, channel, returned }: Line, job: Outgoing): Promise<void> =>
    new Promise((resolve, reject) => {
      const messageId = `${next++}`;
      const options = { persistent: true, mandatory: true, messageId, contentType: 'application/json', headers: job.headers };
      channel.publish(...address(job), job.body, options, (error: unknown) => {
        // A queue that somebody deleted: the broker hands the message back, and confirms that it did. It may also take and lose what comes on
        // this channel for the queue that is then made anew, so the channel ends.
        const handedBack = returned.delete(messageId);
        if (handedBack) end(model, 'a queue was deleted');
        if (error || handedBack) reject(new WorkUnavailable(handedBack ? 'the queue is gone' : 'RabbitMQ did not take the job'));
        else resolve();
      });
    });
  const publishChunk = async (jobs: readonly Outgoing[], endsAt: number): Promise<void> => {
    const open = await untilOpen(endsAt);
    const left = (): number => endsAt - clock.monotonic();
    await before(clock, left(), 'declaring queues', Promise.all(jobs.map((job) => declare(open.channel, job))));
    await before(clock, left(), 'confirming jobs', Promise.all(jobs.map((job) => publishOne(open, job))));
  };

  return {
    publish: async (jobs) => {
      const endsAt = clock.monotonic() + DEADLINE_MS;
      try {
        for (let from = 0; from < jobs.length; from += CHUNK) await publishChunk(jobs.slice(from, from + CHUNK), endsAt);
      } catch (error) {
        throw error instanceof WorkUnavailable ? error : new WorkUnavailable((error as Error).message);
      }
    },
    open: async (model) => {
      const channel = await model.createConfirmChannel();
      const returned = new Set<string>();
      channel.on('return', (message: { properties: { messageId?: string } }) => returned.add(message.properties.messageId ?? ''));
      // The broker closes a channel that it found fault with: begin anew, whole.
      channel.on('error', (error: Error) => end(model, error.message));
      line = { model, channel, returned };
      wakeAll();
    },
    lost: () => {
      line = null;
    },
    blocked: (reason) => {
      alarm = reason;
      wakeAll();
    },
  };
}
