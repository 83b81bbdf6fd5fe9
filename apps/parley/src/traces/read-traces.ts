// Trace files as spans: OTLP JSON, one batch in a line, several processes in a folder. It only reads; a line that is being written is left out.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OtlpTraces, plainValue } from '@parley/runtime';

/** One span, as a person looks at it. */
export interface Hop {
  readonly trace: string;
  readonly span: string;
  readonly parent: string | null;
  readonly name: string;
  /** Which process says so. */
  readonly process: string;
  /** Ms since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  /** What it says of itself, without the prefix. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

/** How a message, or a trace, is named. */
export type Wanted = { readonly trace: string } | { readonly clientId: string } | { readonly room: string; readonly seq: number };

/** `<room>/<seq>`, a client id, a trace id or a traceparent; null: it is none of these. */
export function parseWanted(text: string): Wanted | null {
  const traceparent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(text);
  if (traceparent !== null) return { trace: traceparent[1] as string };
  if (/^[0-9a-f]{32}$/.test(text)) return { trace: text };
  const [id = '', seq] = text.split('/');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return null;
  if (seq === undefined) return { clientId: id };
  return /^[1-9][0-9]{0,14}$/.test(seq) ? { room: id, seq: Number(seq) } : null;
}

/** Every hop of every trace that says it is of what is wanted. Folders that are not there hold nothing. */
export async function readTraces(folders: readonly string[], wanted: Wanted): Promise<readonly Hop[]> {
  const lines = (await Promise.all(folders.map(linesOf))).flat();
  if ('trace' in wanted) return hopsOf(lines, new Set([wanted.trace]));
  const word = 'clientId' in wanted ? wanted.clientId : wanted.room;
  const named = hopsIn(lines.filter((line) => line.includes(word))).filter(({ said }) =>
    'clientId' in wanted ? said.clientId === wanted.clientId : said.room === wanted.room && said.seq === wanted.seq,
  );
  return hopsOf(lines, new Set(named.map((hop) => hop.trace)));
}

const hopsOf = (lines: readonly string[], traces: ReadonlySet<string>): readonly Hop[] =>
  hopsIn(lines.filter((line) => [...traces].some((trace) => line.includes(trace)))).filter((hop) => traces.has(hop.trace));

async function linesOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /\.jsonl(\.1)?$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line.endsWith('}')));
}

function hopsIn(lines: readonly string[]): readonly Hop[] {
  return lines.flatMap((line) => {
    let traces: OtlpTraces;
    try {
      traces = JSON.parse(line) as OtlpTraces;
    } catch {
      return [];
    }
    return traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const named = valuesOf(resource.attributes);
      const process = String(named['service.instance.id'] ?? named['service.name'] ?? '');
      return scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => toHop(span, scope.name === 'parley-sdk' ? 'client' : process)));
    });
  });
}

type OtlpSpan = OtlpTraces['resourceSpans'][number]['scopeSpans'][number]['spans'][number];

function toHop({ traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano, attributes, status }: OtlpSpan, process: string): Hop {
  return {
    trace: traceId,
    span: spanId,
    parent: parentSpanId ?? null,
    name,
    process,
    startMs: msOf(startTimeUnixNano),
    endMs: msOf(endTimeUnixNano),
    said: Object.fromEntries(Object.entries(valuesOf(attributes)).map(([key, value]) => [key.replace(/^parley\./, ''), value])),
    error: status.code === 2 ? (status.message ?? 'failed') : null,
  };
}

const msOf = (nanos: string): number => Number(BigInt(nanos) / 1_000n) / 1_000;
const valuesOf = (attributes: OtlpSpan['attributes']): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
