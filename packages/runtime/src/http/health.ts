// Is this process alive, and what is wrong with it. Degraded is not unready: a service that can still read stays in the balancer.
import type { FastifyInstance } from 'fastify';
import * as z from 'zod/mini';
import type { Service } from '../service.ts';
import { zodRoutes } from './app.ts';

export const Health = z.object({
  status: z.enum(['ok', 'degraded', 'starting', 'draining']),
  problems: z.array(z.object({ service: z.string(), problem: z.string() })),
  /** How much it carries, where that is known: a gateway's sockets. */
  load: z.optional(z.number()),
});
export type Health = z.infer<typeof Health>;
/** Not ready for new work: not yet, or no longer. */
export type Phase = 'starting' | 'draining';

/** What the services say is wrong now. */
export function healthOf(services: readonly Service[]): Health {
  const problems = services.flatMap((service) => (service.problems?.() ?? []).map((problem) => ({ service: service.name, problem })));
  const loads = services.flatMap((service) => service.load?.() ?? []);
  return { status: problems.length === 0 ? 'ok' : 'degraded', problems, ...(loads.length === 0 ? {} : { load: loads.reduce((a, b) => a + b, 0) }) };
}

/** GET /health/live and GET /health/ready. `phase` answers null while the process takes work; else ready is 503. */
export function registerHealth(app: FastifyInstance, services: readonly Service[], phase: () => Phase | null = () => null): void {
  const routes = zodRoutes(app);
  routes.get(
    '/health/live',
    { schema: { tags: ['health'], summary: 'Is the process alive', response: { 200: z.object({ status: z.literal('ok') }) } } },
    async () => ({
      status: 'ok' as const,
    }),
  );
  routes.get(
    '/health/ready',
    { schema: { tags: ['health'], summary: 'What is wrong now', response: { 200: Health, 503: Health } } },
    async (_request, reply) => {
      const now = phase() ?? (services.some((service) => service.draining?.()) ? 'draining' : null);
      return now === null ? healthOf(services) : reply.code(503).send({ ...healthOf(services), status: now });
    },
  );
}
