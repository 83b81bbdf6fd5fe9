// Is this process alive, and what is wrong with it. Degraded is not unready: a service that can still read stays in the balancer.
import type { FastifyInstance } from 'fastify';
import * as z from 'zod/mini';
import type { Service } from '../service.ts';
import { zodRoutes } from './app.ts';

export const Health = z.object({ status: z.enum(['ok', 'degraded']), problems: z.array(z.object({ service: z.string(), problem: z.string() })) });
export type Health = z.infer<typeof Health>;

/** What the services say is wrong now. */
export function healthOf(services: readonly Service[]): Health {
  const problems = services.flatMap((service) => (service.problems?.() ?? []).map((problem) => ({ service: service.name, problem })));
  return { status: problems.length === 0 ? 'ok' : 'degraded', problems };
}

/** GET /health/live and GET /health/ready. */
export function registerHealth(app: FastifyInstance, services: readonly Service[]): void {
  const routes = zodRoutes(app);
  routes.get(
    '/health/live',
    { schema: { tags: ['health'], summary: 'Is the process alive', response: { 200: z.object({ status: z.literal('ok') }) } } },
    async () => ({
      status: 'ok' as const,
    }),
  );
  routes.get('/health/ready', { schema: { tags: ['health'], summary: 'What is wrong now', response: { 200: Health } } }, async () => healthOf(services));
}
