// Who is calling accounts: the token is checked, and then the session itself, which lives here: no delay after a revocation.
import { LOAD_KEY_HEADER, ParleyError } from '@parley/protocol';
import { authenticate, clientAddress, type HttpRequest, type TokenVerifier } from '@parley/runtime';
import { liveRole } from '../store/store-sessions.ts';
import type { Caller, Context, Visitor } from '../use-cases/context.ts';

export interface SessionGuard {
  readonly verifier: TokenVerifier;
  /** Throws ParleyError: unauthenticated, token_expired, session_revoked. */
  caller(request: HttpRequest): Promise<Caller>;
  /** The same, for the owner of the installation only. Throws ParleyError('forbidden') for others. */
  owner(request: HttpRequest): Promise<Caller>;
}

export function createSessionGuard(context: () => Context, verifier: TokenVerifier): SessionGuard {
  const check = authenticate(verifier);
  const caller = async (request: HttpRequest): Promise<Caller> => {
    await check(request);
    const { sub: user, sid: session } = request.caller;
    const role = await liveRole(context().database, session);
    if (role === null) throw new ParleyError('session_revoked');
    return { user, session, role };
  };
  return {
    verifier,
    caller,
    async owner(request) {
      const found = await caller(request);
      if (found.role !== 'owner') throw new ParleyError('forbidden', 'Only the owner of this installation may do this.');
      return found;
    },
  };
}

export function visitorOf(request: HttpRequest): Visitor {
  const loadKey = request.headers[LOAD_KEY_HEADER];
  return { address: clientAddress(request), loadKey: typeof loadKey === 'string' && loadKey !== '' ? loadKey : undefined };
}
