// Tells a client where its socket is: the edge carries none.
import { Connect } from '@parley/protocol';
import { zodRoutes } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';

/** GET /api/connect. `choose` answers '/' for this very server, or a gateway's whole address. */
export function registerConnect(app: FastifyInstance, choose: () => string): void {
  zodRoutes(app).get('/api/connect', { schema: { tags: ['edge'], summary: 'Where the socket is', response: { 200: Connect } } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ url: choose() }),
  );
}
