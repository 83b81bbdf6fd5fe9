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

/** `preHandler`/`onRequest` hook that needs a bearer token: `{ onRequest: authenticate(verifier) }`. */
export const authenticate =
  (verifier: TokenVerifier) =>
  async (request: FastifyRequest): Promise<void> => {
    const header = request.headers.authorization ?? '';
    request.caller = await verifier.verify(header.startsWith('Bearer ') ? header.slice(7) : '');
  };
