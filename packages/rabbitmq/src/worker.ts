// Takes jobs of one queue, as many at once as allowed, each for its time: then done, again later, or parked. What is in hand when anything
// dies is RabbitMQ's again. A job leaves its queue only after it is done or after its copy is safe elsewhere.
import { type Clock, type JobAttempt, jobBackoffMs, type WorkOptions } from '@parley/ports';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { before } from './deadline.ts';
import { asAttempt, attemptOf, decodeJob, withReason } from './job-message.ts';
import { end } from './link.ts';
import type { AdapterLogger } from './logger.ts';
import type { Outgoing, Publisher } from './publisher.ts';
import { declareQueue, type Names, roundedDelay } from './topology.ts';

export interface WorkerDeps {
  readonly names: Names;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly logger?: AdapterLogger | undefined;
}

export interface Worker {
  /** Begins to take jobs from this connection; the one before is gone. */
  open(model: ChannelModel): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULTS = { concurrency: 8, tries: 5, visibilityMs: 30_000 };
/** RabbitMQ itself takes back what is in hand for 30 minutes, and closes the channel for it. */
const LONGEST_VISIBILITY_MS = 25 * 60_000;
const AGAIN_MS = 250;
const GOODBYE_MS = 2_000;
const NOT_FINISHED = 'not finished in time';

interface Taking {
  readonly channel: Channel;
  readonly tag: string;
}

/** Throws RangeError for a `visibilityMs` above 25 minutes. */
export function createWorker(queue: string, handle: (job: JobAttempt) => Promise<void>, options: WorkOptions, deps: WorkerDeps): Worker {
  const { concurrency, tries, visibilityMs } = { ...DEFAULTS, ...options };
  if (visibilityMs > LONGEST_VISIBILITY_MS) throw new RangeError(`RabbitMQ lets a job be in hand for at most ${LONGEST_VISIBILITY_MS} ms.`);
  const { names, publisher, clock, logger } = deps;
  const backoffMs = options.backoffMs ?? jobBackoffMs;
  const inHand = new Set<Promise<void>>();
  let taking: Taking | null = null;
  let stopped = false;

  /** The copy first, then the original: a death in between doubles, never loses. While the copy cannot be made, the original stays in hand. */
  const moveTo = async (to: Outgoing['to'], channel: Channel, message: ConsumeMessage, headers: Outgoing['headers']): Promise<void> => {
    for (;;) {
      const moved = await publisher.publish([{ queue, to, body: message.content, headers }]).then(
        () => true,
        () => false,
      );
      if (moved) return answer(() => channel.ack(message));
      if (stopped || taking?.channel !== channel) return answer(() => channel.nack(message, false, true));
      await clock.sleep(AGAIN_MS);
    }
  };
  const park = (channel: Channel, message: ConsumeMessage, attempts: number, reason: string): Promise<void> => {
    logger?.warn({ queue, attempts }, 'parked a job');
    return moveTo('parked', channel, message, withReason(attempts, reason, clock.now()));
  };
  const attend = async (channel: Channel, message: ConsumeMessage): Promise<void> => {
    const attempt = attemptOf(message);
    const job = decodeJob(queue, message.content);
    if (job === null) return park(channel, message, attempt, 'this is not a job');
    // The worker that had the last try died with it.
    if (attempt > tries) return park(channel, message, attempt - 1, NOT_FINISHED);
    const outcome = await inTime(handle, asAttempt(job, attempt), visibilityMs, clock);
    if (outcome === 'done') return answer(() => channel.ack(message));
    if (attempt >= tries) return park(channel, message, attempt, outcome === 'late' ? NOT_FINISHED : reasonOf(outcome.error));
    if (outcome === 'late') return answer(() => channel.nack(message, false, true));
    return moveTo({ delayMs: roundedDelay(backoffMs(attempt)) }, channel, message, { attempts: attempt });
  };
  const take = (channel: Channel, message: ConsumeMessage): void => {
    const place = attend(channel, message).finally(() => inHand.delete(place));
    inHand.add(place);
  };

  const open = async (model: ChannelModel): Promise<void> => {
    if (stopped) return;
    const channel = await model.createChannel();
    channel.on('error', (error: Error) => {
      logger?.warn({ queue, err: error.message }, 'RabbitMQ closed a worker’s channel');
      end(model, error.message);
    });
    await declareQueue(channel, names, queue);
    await channel.prefetch(concurrency);
    const deliver = (message: ConsumeMessage | null): void => {
      // Null: the queue was deleted under us. Begin anew, which makes it.
      if (message === null) end(model, `the queue ${queue} was deleted`);
      else if (stopped) answer(() => channel.nack(message, false, true));
      else take(channel, message);
    };
    const { consumerTag } = await channel.consume(names.main(queue), deliver);
    taking = { channel, tag: consumerTag };
    if (stopped) await goodbye(taking);
  };
  /** With the wire gone there is nobody to say it to. */
  const goodbye = ({ channel, tag }: Taking): Promise<unknown> =>
    before(
      clock,
      GOODBYE_MS,
      'goodbye',
      channel.cancel(tag).catch(() => undefined),
    ).catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopped = true;
    if (taking !== null) await goodbye(taking);
    await Promise.all(inHand);
    const last = taking?.channel;
    taking = null;
    if (last !== undefined) await before(clock, GOODBYE_MS, 'goodbye', closed(last)).catch(() => undefined);
  };
  return { open, stop };
}

async function closed(channel: Channel): Promise<void> {
  await channel.close();
}

/** An answer on a channel that is gone says nothing: the job is in its queue again. */
function answer(say: () => void): void {
  try {
    say();
  } catch {
    // The channel is closed.
  }
}

type Outcome = 'done' | 'late' | { readonly error: unknown };

function inTime(handle: (job: JobAttempt) => Promise<void>, job: JobAttempt, ms: number, clock: Clock): Promise<Outcome> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve('late'));
    const over = (outcome: Outcome): void => {
      timer.cancel();
      resolve(outcome);
    };
    Promise.try(handle, job).then(
      () => over('done'),
      (error: unknown) => over({ error }),
    );
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
