// Spans go where they should, in a form that collectors know; a message that nobody follows makes none; a file of them stays small.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRng as rng } from '@parley/ports';
import { traceIdsOf } from '@parley/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { withTrace } from '../internal/trace.ts';
import { createLogger } from '../log.ts';
import { fileExporter, otlpExporter } from './exporters.ts';
import { type OtlpTraces, plainValue } from './otlp.ts';
import { NO_SPAN, NO_TRACING, type Tracing } from './span.ts';
import { createTracing } from './tracing.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const logger = createLogger({ level: 'silent' });
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parley-traces-'));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
}
async function toFile(ratio = 0): Promise<{ tracing: Tracing; path: string; read: () => Promise<OtlpTraces[]> }> {
  const path = join(await folder(), 'deeper', 'service.jsonl');
  const tracing = createTracing({ service: 'messages', instance: 'messages-1', ratio, exporters: [fileExporter(path, logger)], rng });
  cleanups.push(() => tracing.close());
  const read = async (): Promise<OtlpTraces[]> =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { tracing, path, read };
}
const spansOf = (lines: readonly OtlpTraces[]) => lines.flatMap((line) => line.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));

describe('a span', () => {
  test('goes on with the trace of its parent, through any number of processes', async () => {
    const { tracing, read } = await toFile();
    const accept = tracing.root('gateway.accept', { room: 'r', clientId: 'c' });
    const append = tracing.span('log.append', accept.traceparent, { partition: 3 });
    append.end();
    accept.set({ outcome: 'accepted', socketIds: ['a', 'b'] });
    accept.end();
    await tracing.flush();
    const lines = await read();
    const spans = spansOf(lines);
    expect(spans.map((span) => span.name).sort()).toEqual(['gateway.accept', 'log.append']);
    const [root, child] = ['gateway.accept', 'log.append'].map((name) => spans.find((span) => span.name === name));
    expect(child).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId });
    expect(root?.parentSpanId).toBeUndefined();
    expect(traceIdsOf(accept.traceparent ?? '')).toEqual({ trace: root?.traceId, span: root?.spanId, sampled: true });
    expect(Object.fromEntries(root?.attributes.map(({ key, value }) => [key, plainValue(value)]) ?? [])).toEqual({
      'parley.room': 'r',
      'parley.clientId': 'c',
      'parley.outcome': 'accepted',
      'parley.socketIds': ['a', 'b'],
    });
    expect(lines[0]?.resourceSpans[0]?.resource.attributes).toEqual([
      { key: 'service.name', value: { stringValue: 'messages' } },
      { key: 'service.instance.id', value: { stringValue: 'messages-1' } },
    ]);
  });

  test('is nothing at all for a message that nobody follows', async () => {
    const { tracing } = await toFile();
    expect(tracing.span('x', undefined)).toBe(NO_SPAN);
    expect(tracing.span('x', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00')).toBe(NO_SPAN);
    expect(tracing.sample()).toBe(false);
    expect(createTracing({ service: 'x', ratio: 1, exporters: [], rng })).toBe(NO_TRACING);
    expect(NO_TRACING.sample()).toBe(false);
  });

  test('that went wrong says with which code, once', async () => {
    const { tracing, read } = await toFile(1);
    expect(tracing.sample()).toBe(true);
    const span = tracing.root('gateway.accept');
    span.end('unavailable');
    span.end('not_member');
    await tracing.flush();
    expect(spansOf(await read())).toMatchObject([{ status: { code: 2, message: 'unavailable' } }]);
  });

  test('of a browser is the first of the trace that it names', async () => {
    const { tracing, read } = await toFile();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    tracing.take([{ name: 'client.send', traceparent, startMs: 1_790_000_000_000.5, endMs: 1_790_000_000_012.25, attributes: { seq: 7 } }]);
    await tracing.flush();
    expect(spansOf(await read())).toMatchObject([
      {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        startTimeUnixNano: '1790000000000500000',
        endTimeUnixNano: '1790000000012250000',
      },
    ]);
  });
});

describe('an exporter', () => {
  test('keeps a file of a bounded size, and one more', async () => {
    const path = join(await folder(), 'x.jsonl');
    const tracing = createTracing({ service: 'x', ratio: 0, exporters: [fileExporter(path, logger, 2_000)], rng });
    cleanups.push(() => tracing.close());
    for (let i = 0; i < 30; i++) {
      tracing.root('gateway.accept', { seq: i }).end();
      await tracing.flush();
    }
    expect((await stat(path)).size).toBeLessThanOrEqual(2_000);
    expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(2_000);
    expect(await readFile(path, 'utf8')).toContain('"intValue":"29"');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('posts to a collector; one that fails costs its spans and nothing else, and is told once', async () => {
    const got: { url: string | undefined; body: OtlpTraces }[] = [];
    let status = 500;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (status === 200) got.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const lines: string[] = [];
    const told = createLogger({ level: 'info', stream: { write: (line) => lines.push(line) } });
    const exporter = otlpExporter(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told);
    const tracing = createTracing({ service: 'x', ratio: 0, exporters: [exporter], rng });
    cleanups.push(() => tracing.close());
    for (const answer of [500, 500, 200]) {
      status = answer;
      tracing.root('a').end();
      await tracing.flush().catch(() => {});
    }
    expect(got.map(({ url }) => url)).toEqual(['/v1/traces']);
    expect(spansOf(got.map(({ body }) => body))).toHaveLength(1);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['does not take traces: they are thrown away', 'takes traces again']);
  });
});

test('A line of log that is written inside a trace names it, and any other does not.', () => {
  const lines: string[] = [];
  const told = createLogger({ level: 'info', stream: { write: (line) => lines.push(line) } });
  told.info('outside');
  withTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', () => told.info('inside'));
  withTrace('not a trace', () => told.info('beside'));
  expect(lines.map((line) => (JSON.parse(line) as { traceId?: string }).traceId)).toEqual([undefined, '0af7651916cd43dd8448eb211c80319c', undefined]);
});
