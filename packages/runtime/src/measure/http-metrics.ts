// How many requests there are and how long they take, by route: never by address, user or room.
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function registerHttpMetrics(app: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram('parley_http_request_seconds', 'Time to answer an HTTP request.', BUCKETS_S, ['method', 'route', 'status']);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    duration.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });
}
