// The OpenAPI document, from the zod schemas that the routes are validated with; nothing is written twice.
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import { systemRng } from '@parley/ports';
import { ERRORS, LIMITS } from '@parley/protocol';
import { createHttpApp, createLogger, registerHealth, type Service } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { registerConnect } from '../connect.ts';
import { NOBODY, registerTelemetry } from '../telemetry.ts';

const DESCRIPTION = `Everything that is not the socket. Errors are \`{error: {code, message, retryAfterMs?, details?}}\` with a code of one table:

| code | HTTP | try again | what to do |
|---|---|---|---|
${Object.entries(ERRORS)
  .map(([code, row]) => `| \`${code}\` | ${row.http} | ${row.retry ? 'yes' : 'no'} | ${row.action} |`)
  .join('\n')}`;

/** Must be registered before the routes that it is to describe. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Parley', version: String(LIMITS.protocolVersion), description: DESCRIPTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: '/' }],
      components: { securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
}

/** The same for routes whose description is known already. */
export async function registerKnownOpenApi(app: FastifyInstance, document: object): Promise<void> {
  await app.register(swagger, { mode: 'static', specification: { document: document as StaticDocumentSpec['document'] } });
}

/** Every service's routes. Each stays in a scope of its own, so that one service's hooks are not another's. */
export async function registerServices(app: FastifyInstance, services: readonly Service[]): Promise<void> {
  for (const service of services) {
    await app.register(async (scope) => {
      await service.routes?.(scope);
    });
  }
}

/** The document without a server: the services are asked for their routes and need not be started. */
export async function buildOpenApi(services: readonly Service[]): Promise<object> {
  const app = createHttpApp({ logger: createLogger({ level: 'silent' }), rng: systemRng });
  try {
    await registerOpenApi(app);
    await registerServices(app, services);
    registerConnect(app, () => '/');
    registerTelemetry(app, { verifier: NOBODY });
    registerHealth(app, services);
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}
