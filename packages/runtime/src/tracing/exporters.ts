// Where spans go: to a collector over HTTP, or as lines into a file. Traces are worth losing: nothing waits for them, and nothing fails with them.
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import { type OtlpTraces, toOtlp } from './otlp.ts';

const SEND_MS = 5_000;
/** Two files of this size at most. */
const FILE_BYTES = 16 * 1_048_576;

/** Posts to `<endpoint>/v1/traces`, as OTEL_EXPORTER_OTLP_ENDPOINT means it. */
export function otlpExporter(endpoint: string, logger: Logger): SpanExporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  return exporterOf('the trace collector', logger, async (traces) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(traces),
      signal: AbortSignal.timeout(SEND_MS),
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  });
}

/** One line for each batch. At `maxBytes` the file is moved to `<path>.1`, which the next move replaces. */
export function fileExporter(path: string, logger: Logger, maxBytes = FILE_BYTES): SpanExporter {
  let size: number | null = null;
  return exporterOf('the trace file', logger, async (traces) => {
    const line = `${JSON.stringify(traces)}\n`;
    if (size === null) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
    }
    if (size > 0 && size + line.length > maxBytes) {
      await rename(path, `${path}.1`);
      size = 0;
    }
    await appendFile(path, line, { mode: 0o600 });
    size += Buffer.byteLength(line);
  });
}

/** One batch after the other. The first failure and the end of failing are told; spans of a batch that failed are gone. */
function exporterOf(what: string, logger: Logger, send: (traces: OtlpTraces) => Promise<void>): SpanExporter {
  let failing = false;
  let last: Promise<void> = Promise.resolve();
  const sendOne = async (spans: readonly ReadableSpan[]): Promise<boolean> => {
    try {
      await send(toOtlp(spans));
      if (failing) logger.info({ what }, 'takes traces again');
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error, what }, 'does not take traces: they are thrown away');
      failing = true;
    }
    return !failing;
  };
  return {
    export(spans, done) {
      last = last.then(async () => done({ code: (await sendOne(spans)) ? 0 : 1 }));
    },
    forceFlush: () => last,
    shutdown: () => last,
  };
}
