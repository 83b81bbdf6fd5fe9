// Tells a client where its socket is: the edge carries none.
import { Connect, ConnectQuery } from '@parley/protocol';
import { zodRoutes } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';

/** GET /api/connect. `choose` answers '/' for this very server, or a gateway's whole address. */
export function registerConnect(app: FastifyInstance, choose: (not?: string) => string): void {
  zodRoutes(app).get(
    '/api/connect',
    { schema: { tags: ['edge'], summary: 'Where the socket is', querystring: ConnectQuery, response: { 200: Connect } } },
    async (request, reply) => reply.header('cache-control', 'no-store').send({ url: choose(request.query.not) }),
  );
}
