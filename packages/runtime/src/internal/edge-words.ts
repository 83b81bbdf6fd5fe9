// What the edge says of a request that it hands on: who sent it and under which id. Believed only with a token of ours.
import type { IncomingMessage } from 'node:http';
import type { Rng } from '@parley/ports';
import type { FastifyRequest } from 'fastify';
import { CLIENT_ADDRESS_HEADER, EDGE_TOKEN_HEADER, REQUEST_ID_HEADER } from './http-names.ts';
import type { InternalTokens } from './tokens.ts';

const ID = /^[0-9a-f-]{36}$/;
const trusted = new WeakMap<IncomingMessage, { readonly address: string }>();

/** Looks once at a request as it comes in, and answers its id. */
export function readEdgeWords(raw: IncomingMessage, tokens: InternalTokens | undefined, rng: Rng): string {
  const token = raw.headers[EDGE_TOKEN_HEADER];
  if (tokens === undefined || typeof token !== 'string') return rng.id();
  try {
    tokens.check(token);
  } catch {
    return rng.id();
  }
  const address = raw.headers[CLIENT_ADDRESS_HEADER];
  if (typeof address === 'string' && address !== '') trusted.set(raw, { address });
  const id = raw.headers[REQUEST_ID_HEADER];
  return typeof id === 'string' && ID.test(id) ? id : rng.id();
}

/** The address of whoever made the request: as the edge saw it, or of the connection. Never what a stranger claims. */
export const clientAddress = (request: FastifyRequest): string => trusted.get(request.raw)?.address ?? request.ip ?? 'unknown';
