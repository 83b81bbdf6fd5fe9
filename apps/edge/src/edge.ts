// The one HTTP app: every service's routes, the documentation, the web files and health. Carries no sockets: the gateway attaches to `app.server`.
import type { Rng } from '@parley/ports';
import { createHttpApp, type Logger, type Metrics, type Service } from '@parley/runtime';
import type { FastifyInstance } from 'fastify';

export interface EdgeDeps {
  readonly services: readonly Service[];
  /** Folder of the built web client. */
  readonly webRoot: string;
  /** Exact origins of other web pages that may call, beside our own. */
  readonly origins: readonly string[];
  readonly logger: Logger;
  readonly rng: Rng;
  /** Served at /metrics to this machine when given. */
  readonly metrics?: Metrics;
}

/** An app that is ready to listen. `app.server` is the http.Server for the gateway; `app.close()` ends it. */
export async function createEdge(deps: EdgeDeps): Promise<FastifyInstance> {
  return createHttpApp(deps);
}
