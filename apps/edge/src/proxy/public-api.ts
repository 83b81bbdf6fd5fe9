// Which public routes there are and who answers them: read off the services themselves into one generated file, so that the edge of a
// cluster knows what the one process knows, also while services are away. Nothing is written twice by hand.
import { readFileSync } from 'node:fs';
import { systemRng } from '@parley/ports';
import { createHttpApp, createLogger, isAuthentication, type Service } from '@parley/runtime';
import type { RouteOptions } from 'fastify';
import { buildOpenApi } from '../documents/openapi.ts';

export interface PublicRoute {
  readonly method: string;
  /** As the router has it: `/api/rooms/:room`. */
  readonly url: string;
  readonly service: string;
  /** Does nobody get in without an access token? Else the service itself says who may. */
  readonly token: boolean;
  /** Largest body, where the service takes more or less than usual. */
  readonly bodyBytes?: number;
}

export interface PublicApi {
  readonly routes: readonly PublicRoute[];
  /** The whole OpenAPI document, as the one process serves it. */
  readonly openApi: object;
}

const hooksOf = (route: RouteOptions): unknown[] => [route.onRequest, route.preValidation, route.preHandler].flat();
const needsToken = (route: RouteOptions): boolean =>
  hooksOf(route).some((hook) => typeof hook === 'function' && isAuthentication(hook)) ||
  ((route.schema as { security?: unknown[] })?.security?.length ?? 0) > 0;

/** The routes and the document of services that need not be started. */
export async function buildPublicApi(services: readonly Service[]): Promise<PublicApi> {
  const app = createHttpApp({ logger: createLogger({ level: 'silent' }), rng: systemRng });
  const routes: PublicRoute[] = [];
  try {
    for (const service of services) {
      await app.register(async (scope) => {
        scope.addHook('onRoute', (route) => {
          const { url, bodyLimit } = route;
          for (const method of [route.method].flat())
            routes.push({ method, url, service: service.name, token: needsToken(route), ...(bodyLimit === undefined ? {} : { bodyBytes: bodyLimit }) });
        });
        await service.routes?.(scope);
      });
    }
    await app.ready();
  } finally {
    await app.close();
  }
  const inOrder = routes.sort((a, b) => `${a.url} ${a.method}`.localeCompare(`${b.url} ${b.method}`, 'en'));
  return { routes: inOrder, openApi: await buildOpenApi(services) };
}

/** What was generated (`npm run docs`). */
export const publicApi = (): PublicApi => JSON.parse(readFileSync(new URL('../generated/public-api.json', import.meta.url), 'utf8')) as PublicApi;
