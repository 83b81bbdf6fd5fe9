// Prometheus metrics of one process. Labels name routes, frames and outcomes only, never a user or a room.
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter<string>;
  /** `read`: asked whenever somebody looks, instead of set(). */
  gauge(name: string, help: string, labels?: readonly string[], read?: () => number): Gauge<string>;
  /** Buckets in the unit that `name` ends with. */
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram<string>;
  /** The page that Prometheus reads. */
  text(): Promise<string>;
  /** The same as plain values, for `joinMetrics` in another process. */
  values(): Promise<readonly object[]>;
}

/** A registry of its own; with the process' own numbers (memory, event loop) unless `defaults` is false. */
export function createMetrics({ defaults = true }: { readonly defaults?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (defaults) collectDefaultMetrics({ register: registry });
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: (name, help, labels = [], read) =>
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers,
        ...(read && {
          collect() {
            this.set(read());
          },
        }),
      }),
    histogram: (name, help, buckets, labels = []) => new Histogram({ name, help, buckets: [...buckets], labelNames: labels, registers }),
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
  };
}

/** One page out of the `values()` of several processes: counts are summed, delays averaged. */
export const joinMetrics = (parts: readonly unknown[]): Promise<string> => AggregatorRegistry.aggregate(parts as object[]).metrics();

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** GET /metrics, for callers on this machine and for who holds `token`: others are told that there is no such thing. */
export function registerMetrics(app: FastifyInstance, metrics: Metrics, token?: string): void {
  app.get('/metrics', { schema: { hide: true } as object }, async (request, reply) => {
    const known =
      LOOPBACK.test(request.socket.remoteAddress ?? '') || (token !== undefined && sameText(request.headers.authorization ?? '', `Bearer ${token}`));
    if (!known) return reply.callNotFound();
    return reply.type('text/plain; version=0.0.4').send(await metrics.text());
  });
}

/** Takes as long for every wrong text of the same length. */
function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
