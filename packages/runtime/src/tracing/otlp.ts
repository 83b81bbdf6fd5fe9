// Spans in the JSON form of OTLP: what collectors take over HTTP, and one line of a trace file.
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

export interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}
export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code: number; readonly message?: string };
}
export interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Spans of one process. */
export function toOtlp(spans: readonly ReadableSpan[]): OtlpTraces {
  const byScope = Map.groupBy(spans, (span) => span.instrumentationScope.name);
  const resource = { attributes: toAttributes(spans[0]?.resource.attributes ?? {}) };
  return { resourceSpans: [{ resource, scopeSpans: [...byScope].map(([name, own]) => ({ scope: { name }, spans: own.map(toSpan) })) }] };
}

function toSpan(span: ReadableSpan): OtlpSpan {
  const { traceId, spanId } = span.spanContext();
  const parentSpanId = span.parentSpanContext?.spanId;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: span.name,
    // The wire counts from 1, the API from 0.
    kind: span.kind + 1,
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: toAttributes(span.attributes),
    status: { code: span.status.code, ...(span.status.message === undefined ? {} : { message: span.status.message }) },
  };
}

/** Too large for a number: the wire has them as text. */
const nanos = ([seconds, rest]: HrTime): string => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

const toAttributes = (attributes: Attributes): OtlpAttribute[] =>
  Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: toValue(value) }]));

function toValue(value: AttributeValue | null): OtlpValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return Array.isArray(value) ? { arrayValue: { values: value.map((one: AttributeValue | null) => toValue(one)) } } : {};
}

/** An attribute as a plain value again. */
export function plainValue({ stringValue, intValue, doubleValue, boolValue, arrayValue }: OtlpValue): unknown {
  return arrayValue?.values.map(plainValue) ?? stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue ?? null;
}
