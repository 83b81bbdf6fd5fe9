// What browsers may do with our pages: only our own scripts, no inline ones, nobody's frame.

import type { IncomingMessage } from 'node:http';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import { LOAD_KEY_HEADER } from '@parley/protocol';
import type { FastifyInstance } from 'fastify';
import { DEGRADED_HEADER } from './proxy/fallbacks.ts';

/** Not every browser takes 'self' for the socket's scheme as well, so the same host is named with it. */
const ownSocket =
  (scheme: 'ws' | 'wss') =>
  (request: IncomingMessage): string => {
    const host = request.headers.host ?? '';
    return /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host) ? `${scheme}://${host}` : "'self'";
  };

/** Of resumable uploads (tus 1.0). */
const TUS_ASKS = ['tus-resumable', 'upload-length', 'upload-metadata', 'upload-offset'];
const TUS_ANSWERS = ['location', 'tus-resumable', 'upload-expires', 'upload-length', 'upload-offset'];

/** The address itself and its socket. */
const withSocket = (url: string): string[] => {
  const { origin } = new URL(url);
  return [origin, origin.replace(/^http/, 'ws')];
};

/** `origins`: pages elsewhere that may call. `gateways`: addresses that our own page may open sockets to, beside this server. */
export async function registerSecurityHeaders(app: FastifyInstance, origins: readonly string[], gateways: readonly string[] = []): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", ownSocket('ws'), ownSocket('wss'), ...gateways.flatMap(withSocket)],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Only for the host itself: who runs other things beside Parley has not asked for more. Browsers ignore it without TLS.
    strictTransportSecurity: { maxAge: 15_552_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(cors, {
    // Exact strings. Tokens go in a header that scripts set, never in cookies, so credentials are not allowed.
    origin: origins.map((origin) => origin.replace(/\/$/, '')),
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'range', 'traceparent', LOAD_KEY_HEADER, ...TUS_ASKS],
    exposedHeaders: ['x-request-id', 'retry-after', 'content-range', DEGRADED_HEADER, ...TUS_ANSWERS],
    maxAge: 600,
  });
}
