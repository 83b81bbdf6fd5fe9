// A client's part of a trace: which messages are followed, and what it saw of them. Never what they say.
import { type CommandResult, type MemberCommand, ParleyError } from '@parley/protocol';
import type { SdkClock, SentSpan } from '../api.ts';
import { asParleyError } from './error-of.ts';

export interface TracesDeps {
  readonly clock: SdkClock;
  readonly random: () => number;
  readonly newTrace: () => string;
  /** Which part of all messages the server wants followed. */
  readonly ratio: () => number;
  readonly onTrace: ((span: SentSpan) => void) | undefined;
  readonly report: (thrown: unknown) => void;
}

export type Traces = ReturnType<typeof createTraces>;

export function createTraces({ clock, random, newTrace, ratio, onTrace, report }: TracesDeps) {
  const tell = (span: SentSpan): void => {
    try {
      onTrace?.(span);
    } catch (thrown) {
      report(thrown);
    }
  };
  return {
    /** The traceparent of a message that is to be followed. */
    begin: (asked: boolean): string | undefined => (asked || (onTrace !== undefined && random() < ratio()) ? newTrace() : undefined),
    /** Tells when the result was seen, or why there was none. */
    watch({ room, clientId, trace }: MemberCommand, sent: Promise<CommandResult>): Promise<CommandResult> {
      if (trace === undefined || onTrace === undefined) return sent;
      const startMs = clock.now();
      const end = (seq: number | null, error: SentSpan['error']): void => tell({ traceparent: trace, room, clientId, startMs, endMs: clock.now(), seq, error });
      sent.then(
        (result) => end(result.seq ?? null, null),
        (thrown: unknown) => end(null, (thrown instanceof ParleyError ? thrown : asParleyError(thrown)).code),
      );
      return sent;
    },
  };
}

/** Spans as POST /api/telemetry/traces (and any collector) takes them. */
export const encodeSpans = (spans: readonly SentSpan[]): object => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'client' } }] },
      scopeSpans: [{ scope: { name: 'parley-sdk' }, spans: spans.map(encodeSpan) }],
    },
  ],
});

const nanos = (ms: number): string => `${Math.round(ms)}000000`;

const encodeSpan = ({ traceparent, room, clientId, startMs, endMs, seq, error }: SentSpan): object => ({
  traceId: traceparent.slice(3, 35),
  spanId: traceparent.slice(36, 52),
  name: 'client.send',
  kind: 3,
  startTimeUnixNano: nanos(startMs),
  endTimeUnixNano: nanos(endMs),
  attributes: [
    { key: 'parley.room', value: { stringValue: room } },
    { key: 'parley.clientId', value: { stringValue: clientId } },
    ...(seq === null ? [] : [{ key: 'parley.seq', value: { intValue: String(seq) } }]),
  ],
  status: error === null ? {} : { code: 2, message: error },
});
