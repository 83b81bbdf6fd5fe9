// Who is calling: the access token of a request, checked by signature, time and revocation.
import type { AccessClaims } from '@parley/protocol';
import type { FastifyRequest } from 'fastify';

export interface TokenVerifier {
  /** Throws ParleyError: unauthenticated, token_expired or session_revoked. */
  verify(token: string): Promise<AccessClaims>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the `authenticate` hook; reading it on a route without that hook is a programming error. */
    caller: AccessClaims;
  }
}

const authentications = new WeakSet<object>();

/** Was this hook made by `authenticate`? Then nobody passes it without a token. */
export const isAuthentication = (hook: object): boolean => authentications.has(hook);

/** `preHandler`/`onRequest` hook that needs a bearer token: `{ onRequest: authenticate(verifier) }`. */
export function authenticate(verifier: TokenVerifier): (request: FastifyRequest) => Promise<void> {
  const hook = async (request: FastifyRequest): Promise<void> => {
    const header = request.headers.authorization ?? '';
    request.caller = await verifier.verify(header.startsWith('Bearer ') ? header.slice(7) : '');
  };
  authentications.add(hook);
  return hook;
}
