// Spans through OpenTelemetry's SDK, without its instrumentations: each hop says by itself what it did. Ids come from our Rng.
import { type Attributes, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Rng } from '@parley/ports';
import { traceIdsOf, traceparentOf } from '@parley/protocol';
import { type ForeignSpan, NO_SPAN, NO_TRACING, type Span, type SpanAttributes, type Tracing } from './span.ts';

export interface TracingOptions {
  /** Such as `messages`. */
  readonly service: string;
  /** Which of its processes, such as `gateway-1/2`. */
  readonly instance?: string;
  /** 0 to 1: which part of all messages is followed without anybody asking. */
  readonly ratio: number;
  /** None: nothing is ever followed. */
  readonly exporters: readonly SpanExporter[];
  readonly rng: Rng;
}

/** Everything that a span says of a message is below this word. */
const PREFIX = 'parley.';
/** A span is at its destination at most this much after its end. */
const DELAY_MS = 1_000;
const QUEUE_MAX = 4_096;
const TEXT_CHARS_MAX = 200;

const hex = (rng: Rng, bytes: number): string => Buffer.from(rng.secret(bytes), 'base64url').toString('hex');

/** A tracing that hands ended spans to all exporters. */
export function createTracing({ service, instance, ratio, exporters, rng }: TracingOptions): Tracing {
  if (exporters.length === 0) return NO_TRACING;
  const processors = exporters.map((exporter) => new BatchSpanProcessor({ exporter, scheduledDelayMillis: DELAY_MS, maxQueueSize: QUEUE_MAX }));
  const resource = resourceFromAttributes({ 'service.name': service, ...(instance === undefined ? {} : { 'service.instance.id': instance }) });
  const provider = new TracerProvider({
    resource,
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeValueLengthLimit: TEXT_CHARS_MAX },
    idGenerator: { generateTraceId: () => hex(rng, 16), generateSpanId: () => hex(rng, 8) },
    spanProcessors: processors,
  });
  const tracer = provider.getTracer('parley');
  const begin = (name: string, parent: string | undefined, attributes: SpanAttributes): Span => {
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
    return spanOf(tracer.startSpan(name, { attributes: named(attributes) }, context));
  };
  return {
    ratio,
    span: (name, parent, attributes = {}) => (parent !== undefined && traceIdsOf(parent).sampled ? begin(name, parent, attributes) : NO_SPAN),
    root: (name, attributes = {}) => begin(name, undefined, attributes),
    sample: () => ratio > 0 && rng.random() < ratio,
    take(spans) {
      for (const span of spans) for (const processor of processors) processor.onEnd(foreign(span, resource));
    },
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

const contextOf = (traceparent: string) => {
  const { trace: traceId, span: spanId } = traceIdsOf(traceparent);
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
};

const named = (attributes: SpanAttributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`${PREFIX}${key}`, value as Attributes[string]]));

function spanOf(span: OtelSpan): Span {
  const { traceId, spanId } = span.spanContext();
  return {
    traceparent: traceparentOf({ trace: traceId, span: spanId, sampled: true }),
    set: (attributes) => void span.setAttributes(named(attributes)),
    end(error) {
      if (!span.isRecording()) return;
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end();
    },
  };
}

const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];

/** A span that a browser began: it is the first of its trace. */
function foreign({ name, traceparent, startMs, endMs, attributes, error }: ForeignSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const context = contextOf(traceparent);
  return {
    name,
    kind: SpanKind.CLIENT,
    spanContext: () => context,
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status: error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: named(attributes),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'parley-sdk' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
