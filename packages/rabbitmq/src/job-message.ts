// A job as RabbitMQ keeps it: the body is the job and stays as it is from first to last; headers say how often it was tried and why it was
// parked. Never trusts what it reads: anybody may have put it there.
import type { Job, JobAttempt, ParkedJob } from '@parley/ports';
import type { GetMessage, Message, MessagePropertyHeaders } from 'amqplib';
import { DELIVERY_LIMIT } from './topology.ts';

/** RabbitMQ 4 takes 16 MiB by default; what is too large closes the channel for everybody on it. */
const MOST_BYTES = 8 * 1024 * 1024;
const LONGEST_REASON = 2_000;

export interface JobHeaders {
  /** Tries that ended with a copy of the message; those that ended with its return are RabbitMQ's to count. */
  readonly attempts: number;
  readonly reason?: string;
  readonly 'parked-at'?: number;
}

/** Throws RangeError when it is too large. */
export function encodeJob({ id, payload }: Job): Buffer {
  const body = Buffer.from(JSON.stringify({ id, payload: payload ?? null }));
  if (body.length > MOST_BYTES) throw new RangeError(`A job may have ${MOST_BYTES} bytes, this one has ${body.length}.`);
  return body;
}

/** null: this is not a job. */
export function decodeJob(queue: string, content: Buffer): Job | null {
  try {
    const { id, payload } = JSON.parse(content.toString()) as { id?: unknown; payload?: unknown };
    return typeof id === 'string' && payload !== undefined ? { queue, id, payload } : null;
  } catch {
    return null;
  }
}

/** Which try this delivery is, from 1. */
export const attemptOf = ({ properties: { headers } }: Message): number => countIn(headers, 'attempts') + countIn(headers, 'x-delivery-count') + 1;

export const withReason = (attempts: number, reason: string, nowMs: number): JobHeaders => ({
  attempts,
  reason: reason.slice(0, LONGEST_REASON),
  'parked-at': Math.trunc(nowMs),
});

/** When it was parked, in ms; where RabbitMQ itself parked it, to the second. */
export function parkedAt({ properties: { headers } }: GetMessage): number {
  const death = headers?.['x-death']?.[0]?.time.value;
  return death === undefined ? countIn(headers, 'parked-at') : death * 1000;
}

/** What is not a job has no id of its own: it is shown, and can be put back, by what it is. */
export function asParked(queue: string, message: GetMessage): ParkedJob {
  const { headers } = message.properties;
  const job = decodeJob(queue, message.content) ?? { queue, id: '', payload: message.content.toString().slice(0, LONGEST_REASON) };
  const attempts = countIn(headers, 'attempts');
  const reason: unknown = headers?.reason;
  if (typeof reason === 'string') return { ...job, attempt: attempts, reason };
  return { ...job, attempt: attempts + DELIVERY_LIMIT, reason: 'no worker lived long enough to finish it' };
}

export const asAttempt = (job: Job, attempt: number): JobAttempt => ({ ...job, attempt });

function countIn(headers: MessagePropertyHeaders | undefined, name: string): number {
  const value: unknown = headers?.[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
