// One service as a process of its own: public routes, internal calls, health and metrics on one port, and a drain on a stop signal.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import type { FastifyInstance } from 'fastify';
import { createHttpApp, LISTEN_BACKLOG } from '../http/app.ts';
import { type Phase, registerHealth } from '../http/health.ts';
import { registerInternal } from '../internal/http-server.ts';
import { createInternalTokens } from '../internal/tokens.ts';
import { withTrace } from '../internal/trace.ts';
import type { Logger } from '../log.ts';
import { registerHttpMetrics } from '../measure/http-metrics.ts';
import { type Metrics, registerMetrics } from '../metrics.ts';
import type { Service } from '../service.ts';
import { type SignalDeps, startServices, stopOnSignal } from './lifecycle.ts';

export interface RunServiceOptions {
  readonly name: string;
  readonly service: Service;
  /** Started before the service in this order, stopped after it: what it follows but does not own. */
  readonly parts?: readonly Service[];
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** After a stop signal the process ends within this time. */
  readonly graceMs: number;
  readonly internalKey: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly metrics?: Metrics;
  /** Lets another machine read /metrics. */
  readonly metricsToken?: string | undefined;
  /** Called at the very end, last first: connections to the engines. */
  readonly closers?: readonly (() => Promise<void>)[];
  /** For who brings sockets (the gateway): gets the server before it listens. The service then says goodbye before HTTP ends. */
  readonly attach?: (server: Server) => void;
  /** An app that has its routes already (the edge); health and metrics are added to it. */
  readonly app?: FastifyInstance;
  /** Stands for the process in tests. */
  readonly process?: Pick<SignalDeps, 'exit' | 'signals'>;
}

const IDLE_MS = 50;

export interface RunningService {
  readonly url: string;
  readonly port: number;
  readonly app: FastifyInstance;
  /** Drains and stops all, once; does not end the process. */
  stop(): Promise<void>;
}

/**
 * Listens, starts the service, says `{"listening": {"url"}}` as a line of log, and stops on SIGTERM or SIGINT.
 * While it starts, /health/ready and everything else answer 503. Throws when it cannot start, with nothing left running.
 */
export async function runService(options: RunServiceOptions): Promise<RunningService> {
  const { name, logger, clock, service } = options;
  let phase: Phase | null = 'starting';
  const app = await buildApp(options, () => phase);
  const closers = [...(options.closers ?? [])].reverse();
  const closeAll = async (): Promise<void> => {
    for (const close of closers) await close().catch((error: unknown) => logger.error({ err: error }, 'could not close cleanly'));
  };
  try {
    await app.listen({ host: options.host, port: options.port, backlog: LISTEN_BACKLOG });
    const services = await startServices([...(options.parts ?? []), service], logger);
    phase = null;
    const { port } = app.server.address() as AddressInfo;
    const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    const halt = async (): Promise<void> => {
      phase = 'draining';
      // Sockets keep a server open: who has some says goodbye first. The others finish what HTTP has in hand first.
      const closeHttp = (): Promise<void> => closeWithIdle(app, clock);
      for (const end of options.attach ? [services.stop, closeHttp] : [closeHttp, services.stop]) await end();
      await closeAll();
    };
    let stopping: Promise<void> | null = null;
    let forget = (): void => {};
    const stop = (): Promise<void> => {
      stopping ??= halt().finally(forget);
      return stopping;
    };
    forget = stopOnSignal({ stop, clock, logger, graceMs: options.graceMs, ...(options.process ?? { exit: process.exit, signals: process }) });
    // Whatever the log level: who started the process waits for this line.
    logger.child({}, { level: 'info' }).info({ service: name, listening: { url } }, 'ready');
    return { url, port, app, stop };
  } catch (error) {
    await app.close();
    await closeAll();
    throw error;
  }
}

/** Connections that were busy when the end began are kept alive by their callers: each is closed as soon as it is idle. */
async function closeWithIdle(app: FastifyInstance, clock: Clock): Promise<void> {
  const timer = clock.every(IDLE_MS, () => app.server.closeIdleConnections());
  await app.close().finally(() => timer.cancel());
}

async function buildApp(options: RunServiceOptions, phase: () => Phase | null): Promise<FastifyInstance> {
  const { logger, rng, clock, service, metrics, metricsToken } = options;
  const tokens = createInternalTokens(options.internalKey, clock, rng);
  const app = options.app ?? createHttpApp({ logger, rng, tokens });
  const services = [...(options.parts ?? []), service];
  if (options.app === undefined) {
    registerHealth(app, services, phase);
    if (metrics) {
      registerHttpMetrics(app, metrics);
      registerMetrics(app, metrics, metricsToken);
    }
    app.addHook('onRequest', async (request) => {
      if (phase() === 'starting' && !request.url.startsWith('/health/') && request.url !== '/metrics')
        throw new ParleyError('unavailable', `${options.name} is starting.`, { retryAfterMs: 500 });
    });
    app.addHook('preHandler', (request, _reply, done) => withTrace(request.headers.traceparent, done));
    registerInternal(app, service.internal ?? [], tokens, clock);
    await app.register(async (scope) => {
      await service.routes?.(scope);
    });
  }
  await app.ready();
  options.attach?.(app.server);
  return app;
}
