// The reference documents over HTTP: OpenAPI with a page to try it, AsyncAPI with a page to read it. All of it from this server.
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { buildAsyncApi } from './asyncapi.ts';
import { asyncApiPage, PAGE_STYLE } from './asyncapi-page.ts';

/** GET /api/openapi.json, /api/docs, /api/asyncapi.json, /api/asyncapi. */
export async function registerDocuments(app: FastifyInstance): Promise<void> {
  const hidden = { schema: { hide: true } as object };
  const asyncApi = buildAsyncApi();
  app.get('/api/openapi.json', hidden, async () => app.swagger());
  app.get('/api/asyncapi.json', hidden, async () => asyncApi);
  app.get('/api/asyncapi', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(asyncApiPage(asyncApi)));
  app.get('/api/asyncapi.css', hidden, async (_request, reply) => reply.type('text/css; charset=utf-8').send(PAGE_STYLE));
  // validatorUrl: otherwise the page sends our document to somebody else's server.
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    theme: { title: 'Parley API' },
    uiConfig: { validatorUrl: null, deepLinking: true, persistAuthorization: false, layout: 'BaseLayout' },
  });
}
