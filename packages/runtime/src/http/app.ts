// The HTTP app that services put their routes on: zod schemas, strict JSON, request ids, typed errors. Knows no service.
import type { IncomingMessage } from 'node:http';
import type { Rng } from '@parley/ports';
import { LIMITS, ParleyError } from '@parley/protocol';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { readEdgeWords } from '../internal/edge-words.ts';
import type { InternalTokens } from '../internal/tokens.ts';
import type { Logger } from '../log.ts';
import { refusalOf, sendError, setErrorHandler } from './errors.ts';
import { checkJsonTextDepth } from './json-depth.ts';

/**
 * Connections that wait to be taken, for every listener of ours (the kernel's somaxconn is the other bound). Beyond it a client's first packet
 * is dropped and comes again after 1, 3, 7 and 15 s: whoever comes back in a storm would wait that long, however quick we are.
 */
export const LISTEN_BACKLOG = 8_192;

export interface HttpAppDeps {
  readonly logger: Logger;
  readonly rng: Rng;
  readonly bodyBytes?: number;
  /** With them, what our own edge says of who called is believed. */
  readonly tokens?: InternalTokens;
  /** A whole request must have come within this time. */
  readonly requestTimeoutMs?: number;
  /** Addresses and CIDR ranges whose X-Forwarded-For is believed: our balancer, our edge. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
}

/** A fastify app with everything that holds for all routes. It does not listen. */
export function createHttpApp({
  logger,
  rng,
  bodyBytes = LIMITS.bodyBytes,
  tokens,
  requestTimeoutMs = 30_000,
  trustedProxies = [],
}: HttpAppDeps): FastifyInstance {
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytes,
    // Never taken from the caller: ids must not be forged into our logs. Nor is X-Forwarded-For, but from our own proxies.
    requestIdHeader: false,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    genReqId: (raw) => readEdgeWords(raw as IncomingMessage, tokens, rng),
    // Addresses that are not well-formed reach no route and no error handler.
    frameworkErrors: (error, _request, reply) => {
      sendError(reply, refusalOf(error) ?? new ParleyError('invalid'));
    },
    forceCloseConnections: 'idle',
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: 200 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  setJsonParser(app);
  setErrorHandler(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  return app;
}

/** JSON only, nested within the limit, without prototype tricks; an empty body is no body. */
function setJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      checkJsonTextDepth(body);
    } catch (error) {
      return done(error as Error, undefined);
    }
    void parse(request, body, done);
  });
}

export type { FastifyInstance as HttpApp, FastifyRequest as HttpRequest } from 'fastify';

/** The app with types taken from the zod schemas of each route. */
export const zodRoutes = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();
export type ZodApp = ReturnType<typeof zodRoutes>;
