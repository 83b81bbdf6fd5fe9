// The one HTTP app: every service's routes, the documents, the web files and health. Carries no sockets: the gateway attaches to `app.server`.
import type { Rng } from '@parley/ports';
import {
  createHttpApp,
  type Limits,
  type Logger,
  type Metrics,
  registerHealth,
  registerHttpMetrics,
  registerMetrics,
  type Service,
  type TokenVerifier,
  type Tracing,
} from '@parley/runtime';
import type { FastifyInstance } from 'fastify';
import { CALL_LIMITS, type CallLimits, registerCallLimits } from './call-limits.ts';
import { registerConnect } from './connect.ts';
import { registerOpenApi, registerServices } from './documents/openapi.ts';
import { registerDocuments } from './documents/register-documents.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { NOBODY, registerTelemetry } from './telemetry.ts';
import { registerWebFiles } from './web-files.ts';

export interface EdgeDeps {
  readonly services: readonly Service[];
  /** Folder of the built web client. */
  readonly webRoot: string;
  /** Exact origins of other web pages that may call, beside our own. */
  readonly origins: readonly string[];
  readonly logger: Logger;
  readonly rng: Rng;
  /** Where clients find the socket. Default '/': this server. */
  readonly gatewayUrl?: string;
  readonly callLimits?: CallLimits;
  /** Where calls are counted. Default: in this process. */
  readonly limits?: Limits;
  /** Proxies before this server whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Counted into, and served at /metrics to this machine, when given. */
  readonly metrics?: Metrics;
  /** Where clients' spans go, of those whom `verifier` knows. */
  readonly tracing?: Tracing;
  readonly verifier?: TokenVerifier;
}

/** An app that is ready to listen. `app.server` is the http.Server for the gateway; `app.close()` ends it. */
export async function createEdge({
  services,
  webRoot,
  origins,
  logger,
  rng,
  gatewayUrl = '/',
  callLimits = CALL_LIMITS,
  limits,
  trustedProxies = [],
  metrics,
  tracing,
  verifier = NOBODY,
}: EdgeDeps): Promise<FastifyInstance> {
  const app = createHttpApp({ logger, rng, trustedProxies });
  await registerSecurityHeaders(app, origins);
  await registerOpenApi(app);
  if (metrics) {
    registerHttpMetrics(app, metrics);
    registerMetrics(app, metrics);
  }
  registerCallLimits(app, callLimits, limits);
  registerHealth(app, services);
  registerConnect(app, () => gatewayUrl);
  registerTelemetry(app, { verifier, limits, ...(tracing && { tracing }) });
  await registerServices(app, services);
  await registerDocuments(app);
  await registerWebFiles(app, webRoot);
  await app.ready();
  return app;
}
