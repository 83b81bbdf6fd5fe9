// The reference documents over HTTP: OpenAPI with a page to try it, AsyncAPI with a page to read it. All of it from this server.
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { asyncApiPage, buildAsyncApi } from './asyncapi.ts';

/** GET /api/openapi.json, /api/docs, /api/asyncapi.json, /api/asyncapi. */
export async function registerDocuments(app: FastifyInstance): Promise<void> {
  const hidden = { schema: { hide: true } as object };
  const asyncApi = buildAsyncApi();
  app.get('/api/openapi.json', hidden, async () => app.swagger());
  app.get('/api/asyncapi.json', hidden, async () => asyncApi);
  app.get('/api/asyncapi', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(asyncApiPage(asyncApi)));
  // validatorUrl: otherwise the page sends our document to somebody else's server.
  await app.register(swaggerUi, { routePrefix: '/api/docs', uiConfig: { validatorUrl: null, deepLinking: true, persistAuthorization: false } });
}
