// The edge of a cluster: the same entrance as the one process has, whose routes are answered by services elsewhere. It holds no data,
// carries no sockets, and stays ready whatever is away behind it.
import type { Clock, Rng } from '@parley/ports';
import { ParleyError, readJwks } from '@parley/protocol';
import {
  authenticate,
  createHttpApp,
  createVerifier,
  type InternalHttp,
  type Limits,
  type Logger,
  type Metrics,
  registerHealth,
  registerHttpMetrics,
  registerMetrics,
  type Service,
  TOKEN_ISSUER,
  type TokenVerifier,
  type Tracing,
} from '@parley/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CALL_LIMITS, type CallLimits, registerCallLimits } from '../call-limits.ts';
import { registerConnect } from '../connect.ts';
import { registerKnownOpenApi } from '../documents/openapi.ts';
import { registerDocuments } from '../documents/register-documents.ts';
import { registerSecurityHeaders } from '../security-headers.ts';
import { registerTelemetry } from '../telemetry.ts';
import { registerWebFiles } from '../web-files.ts';
import { takeBodiesAsBytes } from './bodies.ts';
import { createForward } from './forward.ts';
import { createGateways } from './gateways.ts';
import { type PublicApi, type PublicRoute, publicApi } from './public-api.ts';

export interface EdgeProxyDeps {
  /** Where the services are. Closed by who made it. */
  readonly http: InternalHttp;
  /** The gateways, as browsers reach them. */
  readonly gatewayUrls: readonly string[];
  /** Where we ask them how they are, in the same order, where that is another way. */
  readonly gatewayCheckUrls?: readonly string[] | undefined;
  /** Folder of the built web client. */
  readonly webRoot: string;
  /** Exact origins of other web pages that may call, beside our own. */
  readonly origins: readonly string[];
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly metricsToken?: string | undefined;
  /** Where clients' spans go. */
  readonly tracing?: Tracing;
  /** Where calls are counted; this process by default. */
  readonly limits?: Limits;
  readonly callLimits?: CallLimits;
  /** Addresses of the proxies before us whose X-Forwarded-For is believed. Default: nobody's is. */
  readonly trustedProxies?: readonly string[];
  /** Largest upload in one piece. */
  readonly uploadBytes?: number;
  /** Checks access tokens before a service sees them. Default: by the keys of accounts. */
  readonly verifier?: TokenVerifier;
  /** Which routes there are. Default: those of this version. */
  readonly api?: PublicApi;
}

export interface EdgeProxy extends Service {
  /** Ready to listen. */
  readonly app: FastifyInstance;
}

const UPLOAD_BYTES = 26_214_400;
/** An upload comes in one request. */
const REQUEST_MS = 150_000;

/** Give `app` to runService as its app, and the whole as its service. */
export async function createEdgeProxy(deps: EdgeProxyDeps): Promise<EdgeProxy> {
  const { http, logger, rng, clock, metrics, callLimits = CALL_LIMITS, trustedProxies = [], api = publicApi() } = deps;
  const gateways = createGateways({ urls: deps.gatewayUrls, checkUrls: deps.gatewayCheckUrls, clock, rng, logger });
  const app = createHttpApp({ logger, rng, trustedProxies, requestTimeoutMs: REQUEST_MS });
  const edge: EdgeProxy = { name: 'edge', app, start: gateways.start, stop: gateways.stop, problems: () => [...http.problems(), ...gateways.problems()] };
  await registerSecurityHeaders(app, deps.origins, deps.gatewayUrls);
  await registerKnownOpenApi(app, api.openApi);
  if (metrics) {
    registerHttpMetrics(app, metrics);
    registerMetrics(app, metrics, deps.metricsToken);
  }
  registerCallLimits(app, callLimits, deps.limits);
  registerHealth(app, [edge]);
  registerConnect(app, gateways.choose);
  const internal = http.clientFor('edge');
  const verifier = deps.verifier ?? createVerifier({ jwks: () => internal.call(readJwks, {}), clock, issuer: TOKEN_ISSUER });
  registerTelemetry(app, { verifier, limits: deps.limits, ...(deps.tracing && { tracing: deps.tracing }) });
  await registerForwarding(app, deps, api.routes, verifier);
  app.all('/socket.io/*', { schema: { hide: true } as object }, async (_request, reply) => {
    reply.header('connection', 'close');
    throw new ParleyError('not_found', 'There are no sockets here: GET /api/connect says where they are.');
  });
  await registerDocuments(app);
  await registerWebFiles(app, deps.webRoot);
  await app.ready();
  return edge;
}

async function registerForwarding(app: FastifyInstance, deps: EdgeProxyDeps, routes: readonly PublicRoute[], verifier: TokenVerifier): Promise<void> {
  const { http, clock, metrics } = deps;
  const forward = createForward({ http, clock, metrics });
  const check = checkToken(verifier);
  await app.register(async (scope) => {
    takeBodiesAsBytes(scope, clock);
    for (const route of routes) {
      const streams = route.service === 'media' && route.method === 'PATCH';
      scope.route({
        method: route.method,
        url: route.url,
        exposeHeadRoute: false,
        schema: { hide: true } as object,
        config: {
          ...(streams ? { streamBytes: deps.uploadBytes ?? UPLOAD_BYTES } : {}),
          ...(route.bodyBytes === undefined ? {} : { heldBytes: route.bodyBytes }),
        },
        ...(route.token ? { onRequest: check } : {}),
        handler: (request, reply) => forward(route, request, reply),
      });
    }
  });
}

/** A token that is bad or over is refused here. When the keys cannot be had, the service decides: it checks every token itself. */
function checkToken(verifier: TokenVerifier): (request: FastifyRequest) => Promise<void> {
  const check = authenticate(verifier);
  return async (request) => {
    try {
      await check(request);
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'unavailable') throw error;
      request.log.warn({ err: error }, 'the keys of access tokens cannot be had: the service checks them');
    }
  };
}
