// W3C traceparent: which trace a message belongs to, and whether somebody wants to see it. It says nothing of what is in the message.
import * as z from 'zod/mini';

/** Version 00; an id of zeroes is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export const isTraceparent = (value: unknown): value is string => typeof value === 'string' && TRACEPARENT.test(value);

/** A trace that came from outside: what is not one is left out, never a reason to refuse what it came with. */
export const Trace = z.optional(z.catch(z.optional(z.string().check(z.regex(TRACEPARENT))), undefined));

export interface TraceIds {
  /** 32 hex digits: the whole trace. */
  readonly trace: string;
  /** 16 hex digits: the span that goes on. */
  readonly span: string;
  /** Is it recorded? */
  readonly sampled: boolean;
}

/** Needs a traceparent. */
export const traceIdsOf = (traceparent: string): TraceIds => ({
  trace: traceparent.slice(3, 35),
  span: traceparent.slice(36, 52),
  sampled: (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1,
});

export const traceparentOf = ({ trace, span, sampled }: TraceIds): string => `00-${trace}-${span}-${sampled ? '01' : '00'}`;
