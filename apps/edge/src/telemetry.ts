// Takes in what signed-in clients tell of their part of a trace, and passes it on with our own spans. Traces are worth losing: with no place
// for them they are taken and thrown away.
import { ClientTraces, ParleyError, traceparentOf } from '@parley/protocol';
import { authenticate, createLimits, type ForeignSpan, type Limits, NO_TRACING, type TokenVerifier, type Tracing, zodRoutes } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod/mini';

export interface TelemetryDeps {
  readonly verifier: TokenVerifier;
  readonly tracing?: Tracing;
  readonly limits?: Limits | undefined;
}

const BODY_BYTES = 65_536;
const PER_MINUTE = 30;
/** Longer than anybody waits for a message. */
const SPAN_MS_MAX = 24 * 3_600_000;

/** For the documents, where nobody calls. */
export const NOBODY: TokenVerifier = {
  async verify() {
    throw new ParleyError('unauthenticated');
  },
};

/** POST /api/telemetry/traces. */
export function registerTelemetry(app: FastifyInstance, { verifier, tracing = NO_TRACING, limits = createLimits() }: TelemetryDeps): void {
  const limit = limits({ name: 'traces', points: PER_MINUTE, seconds: 60, message: 'Too many traces.' });
  zodRoutes(app).post(
    '/api/telemetry/traces',
    {
      onRequest: authenticate(verifier),
      bodyLimit: BODY_BYTES,
      schema: {
        tags: ['edge'],
        summary: 'What a client saw of messages that are followed (OTLP as JSON)',
        security: [{ accessToken: [] }],
        body: ClientTraces,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await limit.take(request.caller.sub);
      tracing.take(request.body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.flatMap(toSpan))));
      return reply.code(204).send(null);
    },
  );
}

function toSpan({
  traceId,
  spanId,
  name,
  startTimeUnixNano,
  endTimeUnixNano,
  attributes,
  status,
}: ClientTraces['resourceSpans'][0]['scopeSpans'][0]['spans'][0]): ForeignSpan[] {
  const [startMs, endMs] = [startTimeUnixNano, endTimeUnixNano].map((nanos) => Number(BigInt(nanos) / 1_000n) / 1_000) as [number, number];
  if (endMs < startMs || endMs - startMs > SPAN_MS_MAX) return [];
  const said = new Map<string, string>(attributes.map(({ key, value }) => [key, 'stringValue' in value ? value.stringValue : value.intValue]));
  const [room, clientId, seq] = ['room', 'clientId', 'seq'].map((name) => said.get(`parley.${name}`));
  const traceparent = traceparentOf({ trace: traceId, span: spanId, sampled: true });
  const named = { ...(room && { room }), ...(clientId && { clientId }), ...(seq && { seq: Number(seq) }) };
  return [{ name, traceparent, startMs, endMs, attributes: named, ...(status?.message === undefined ? {} : { error: status.message }) }];
}
