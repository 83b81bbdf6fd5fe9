// Hands one request on to the service that answers it, as the router matched it, and its answer back. What was asked is repeated
// elsewhere only when it is a read, or when nothing of it was sent yet.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Clock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import {
  type Attempt,
  CLIENT_ADDRESS_HEADER,
  clientAddress,
  EDGE_TOKEN_HEADER,
  type InternalHttp,
  type Metrics,
  REQUEST_ID_HEADER,
  refusalIn,
  TargetAway,
} from '@parley/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DEGRADED_HEADER, type Fallback, fallbackOf } from './fallbacks.ts';
import { inwardHeaders, outwardHeaders } from './headers.ts';
import { createLastKnown } from './last-known.ts';
import type { PublicRoute } from './public-api.ts';

export interface ForwardDeps {
  readonly http: Pick<InternalHttp, 'targets' | 'tokens'>;
  readonly clock: Clock;
  readonly metrics?: Metrics | undefined;
}
export type Forward = (route: PublicRoute, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Held, or still coming. */
  readonly body: Buffer | Readable | null;
}

/** Until the first byte of an answer. Rooms waits 5 s for the log, an import 30 s, an upload as long as its bytes take. */
const READ_MS = 5_000;
const CHANGE_MS = 10_000;
const IMPORT_MS = 40_000;
const UPLOAD_MS = 120_000;
/** Between two pieces of an answer. */
const SILENCE_MS = 30_000;
const REFUSAL_BYTES = 65_536;

function deadlineOf(route: PublicRoute): number {
  if (route.url.endsWith('/import')) return IMPORT_MS;
  if (route.service === 'media' && route.method === 'PATCH') return UPLOAD_MS;
  return isRead(route) ? READ_MS : CHANGE_MS;
}

export function createForward({ http, clock, metrics }: ForwardDeps): Forward {
  const lastKnown = createLastKnown(clock);
  const fallbacks = metrics?.counter('parley_edge_fallbacks_total', 'Answers given instead of a service that is away', ['fallback']);

  const ask = async (route: PublicRoute, request: FastifyRequest, reply: FastifyReply, hold: boolean): Promise<Answered> => {
    const gone = new AbortController();
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort());
    const options = { idempotent: isRead(route), deadlineMs: deadlineOf(route), signal: gone.signal };
    return await http.targets.send(route.service, options, attemptOf(route, request, http.tokens.issue('edge'), hold));
  };

  const fallBack = (fallback: Fallback, request: FastifyRequest, reply: FastifyReply, error: ParleyError): FastifyReply => {
    fallbacks?.inc({ fallback: fallback.name });
    reply.header(DEGRADED_HEADER, fallback.name);
    const known = fallback.kind === 'last-known' ? lastKnown.find(request.url) : undefined;
    if (known === undefined) throw error;
    return reply.code(200).header('cache-control', 'no-store').type(known.type).send(known.body);
  };

  return async (route, request, reply) => {
    const fallback = fallbackOf(route);
    const hold = fallback.kind === 'last-known';
    let answered: Answered;
    try {
      answered = await ask(route, request, reply, hold);
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'unavailable') return fallBack(fallback, request, reply, error);
      throw error;
    }
    const { status, headers, body } = answered;
    // It is there and cannot answer: its database is away.
    if (hold && status === 503 && lastKnown.find(request.url) !== undefined) return fallBack(fallback, request, reply, new ParleyError('unavailable'));
    if (hold && status === 200 && body instanceof Buffer) lastKnown.keep(request.url, { type: String(headers['content-type']), body });
    return reply.code(status).headers(outwardHeaders(headers)).send(body);
  };
}

const isRead = ({ method }: PublicRoute): boolean => method === 'GET' || method === 'HEAD';

const attemptOf =
  (route: PublicRoute, request: FastifyRequest, token: string, hold: boolean): Attempt<Answered> =>
  async (pool, signal) => {
    const body = (request.body ?? null) as Buffer | Readable | null;
    const length = request.headers['content-length'];
    const response = await pool.request({
      method: route.method as 'GET',
      // The very bytes that the edge's router matched: the service's router is the same. undici builds no other path of them.
      path: request.raw.url ?? '/',
      headers: {
        ...inwardHeaders(request.headers),
        ...(body !== null && !(body instanceof Buffer) && length !== undefined ? { 'content-length': length } : {}),
        [EDGE_TOKEN_HEADER]: token,
        [CLIENT_ADDRESS_HEADER]: clientAddress(request),
        [REQUEST_ID_HEADER]: request.id,
      },
      body,
      signal,
      bodyTimeout: SILENCE_MS,
    });
    const { statusCode: status } = response;
    const headers = response.headers as IncomingHttpHeaders;
    if (route.method === 'HEAD' || status === 204 || status === 304) {
      await response.body.dump();
      return { status, headers, body: null };
    }
    if (status < 500 && !hold) return { status, headers, body: response.body };
    const held = await readHeld(response.body, hold);
    // Whoever answers like this is no service of ours, or one that is just ending.
    if (status >= 500 && refusalIn(held.toString()) === null) throw new TargetAway(`${route.service}: HTTP ${status} that is none of ours`, true);
    return { status, headers, body: held };
  };

async function readHeld(body: AsyncIterable<Buffer>, whole: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (!whole && size > REFUSAL_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
