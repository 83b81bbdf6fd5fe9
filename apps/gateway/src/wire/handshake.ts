// Who may open a socket: origin first, then how many at once, then the protocol, then the token. Refusals are typed `connect_error` data,
// because a browser cannot read a refused upgrade.
import type { IncomingMessage } from 'node:http';
import { type AccessClaims, Handshake, LIMITS, ParleyError } from '@parley/protocol';
import type { TokenVerifier } from '@parley/runtime';
import { safeParse } from 'zod/mini';
import type { GatewayCore } from '../core.ts';

const TOKEN_CHARS_MAX = 4_096;

/** Browsers always say their origin: it must be listed, or be the host that they ask. Who says none is no browser. */
export function isOriginAllowed(request: Pick<IncomingMessage, 'headers'>, origins: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || origins.includes(origin) || origins.includes('*')) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** The claims of who connects. Throws ParleyError. */
export async function authenticateHandshake(auth: unknown, core: GatewayCore, verifier: TokenVerifier): Promise<AccessClaims> {
  core.admit();
  const parsed = safeParse(Handshake, auth);
  if (!parsed.success || parsed.data.token.length > TOKEN_CHARS_MAX) throw new ParleyError('invalid', 'The handshake needs auth {token, protocol}.');
  if (parsed.data.protocol !== LIMITS.protocolVersion)
    throw new ParleyError('unsupported_protocol', undefined, { details: { protocol: LIMITS.protocolVersion } });
  const claims = await verifier.verify(parsed.data.token);
  core.check(claims);
  return claims;
}
