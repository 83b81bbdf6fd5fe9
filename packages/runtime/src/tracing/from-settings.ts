// The tracing of a process from its settings.
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { Rng } from '@parley/ports';
import type { Logger } from '../log.ts';
import { fileExporter, otlpExporter } from './exporters.ts';
import type { Tracing } from './span.ts';
import { createTracing } from './tracing.ts';

export interface TracingSettings {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly TRACE_FILE?: string | undefined;
  readonly TRACE_RATIO: number;
}

/** Follows nothing when neither a collector nor a file is named. */
export const tracingOf = (
  settings: TracingSettings,
  { service, instance, rng, logger }: { readonly service: string; readonly instance?: string; readonly rng: Rng; readonly logger: Logger },
): Tracing =>
  createTracing({
    service,
    instance: instance ?? (settings.TRACE_FILE ? basename(settings.TRACE_FILE, '.jsonl') : hostname()),
    ratio: settings.TRACE_RATIO,
    exporters: [
      ...(settings.OTEL_EXPORTER_OTLP_ENDPOINT ? [otlpExporter(settings.OTEL_EXPORTER_OTLP_ENDPOINT, logger)] : []),
      ...(settings.TRACE_FILE ? [fileExporter(settings.TRACE_FILE, logger)] : []),
    ],
    rng,
  });
