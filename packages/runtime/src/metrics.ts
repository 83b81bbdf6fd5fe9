// Prometheus metrics of one process. Labels name routes, frames and outcomes only, never a user; a room by its id where it is one of the few that cost most.
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** One value, told when somebody looks. */
export interface Reading {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What is asked for by a name twice is one and the same. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter<string>;
  /** `read`: asked whenever somebody looks, instead of set(). `joined`: what several processes' values are together. */
  gauge(name: string, help: string, labels?: readonly string[], read?: () => number, joined?: 'sum' | 'max'): Gauge<string>;
  /** A gauge that is read when somebody looks. Several may tell of one name; what cannot be read now is not there. */
  watch(name: string, help: string, labels: readonly string[], read: () => readonly Reading[] | Promise<readonly Reading[]>): void;
  /** A counter that is counted elsewhere: `read` answers how much it is since the start. */
  total(name: string, help: string, read: () => number): void;
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
  const once = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make();
  const readers = new Map<string, (() => readonly Reading[] | Promise<readonly Reading[]>)[]>();
  return {
    counter: (name, help, labels = []) => once(name, () => new Counter({ name, help, labelNames: labels, registers })),
    gauge: (name, help, labels = [], read, joined = 'sum') =>
      once(
        name,
        () =>
          new Gauge({
            name,
            help,
            labelNames: labels,
            registers,
            aggregator: joined,
            ...(read && {
              collect() {
                this.set(read());
              },
            }),
          }),
      ),
    watch(name, help, labels, read) {
      const known = readers.get(name);
      if (known !== undefined) return void known.push(read);
      const own = [read];
      readers.set(name, own);
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers,
        async collect() {
          const told = await Promise.all(own.map(async (one) => [...(await one())]).map((one) => one.catch((): Reading[] => [])));
          this.reset();
          for (const { value, labels: of = {} } of told.flat()) this.set(of, value);
        },
      });
    },
    total: (name, help, read) =>
      once(
        name,
        () =>
          new Counter({
            name,
            help,
            registers,
            collect() {
              this.reset();
              this.inc(read());
            },
          }),
      ) && undefined,
    histogram: (name, help, buckets, labels = []) => once(name, () => new Histogram({ name, help, buckets: [...buckets], labelNames: labels, registers })),
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
  };
}

/** One page out of the `values()` of several processes: counts are summed, delays averaged, gauges as they say. */
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
