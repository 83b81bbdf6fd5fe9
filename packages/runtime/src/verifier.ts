// Checks access tokens by signature, time and revocation. A token once checked costs a map look-up until it ends.
// Must never take "could not fetch the keys" for "not signed in".
import type { Clock } from '@parley/ports';
import { AccessClaims, ParleyError } from '@parley/protocol';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { safeParse } from 'zod/mini';
import type { TokenVerifier } from './auth.ts';

export interface RevocationCheck {
  isRevoked(claims: AccessClaims): boolean;
}

export interface VerifierDeps {
  /** The issuer's public keys; asked again when a token names a key that is not among them. */
  readonly jwks: () => Promise<{ readonly keys: readonly object[] }>;
  readonly revocations?: RevocationCheck;
  readonly clock: Clock;
  readonly issuer: string;
}

export const TOKEN_AUDIENCE = 'parley';
/** Of every installation: tokens of one never pass in another, their keys differ. */
export const TOKEN_ISSUER = 'parley';
const TOKEN_CHARS = 4_096;
const CACHED_TOKENS = 10_000;
/** A flood of tokens with made-up key ids must not become a flood of key fetches. */
const REFETCH_MS = 10_000;
/** For tokens "from the future" of another machine's clock; expiry has none. */
const SKEW_S = 60;

/** Verifies access tokens of `issuer`. */
export function createVerifier({ jwks, revocations, clock, issuer }: VerifierDeps): TokenVerifier {
  const cache = new Map<string, AccessClaims>();
  const keys = createKeySource(jwks, clock);

  const check = async (token: string): Promise<AccessClaims> => {
    if (token === '') throw new ParleyError('unauthenticated');
    if (token.length > TOKEN_CHARS) throw new ParleyError('unauthenticated', 'The access token is not one of ours.');
    const payload = await verifySignature(token, keys, clock, issuer);
    const claims = safeParse(AccessClaims, payload);
    if (!claims.success) throw new ParleyError('unauthenticated', 'The access token lacks claims.');
    return claims.data;
  };

  return {
    async verify(token) {
      let claims = cache.get(token);
      if (!claims) {
        claims = await check(token);
        if (cache.size >= CACHED_TOKENS) cache.delete(cache.keys().next().value ?? '');
      } else {
        cache.delete(token);
      }
      if (claims.exp * 1000 <= clock.now()) throw new ParleyError('token_expired');
      // Re-inserted at the end: the first key of the map is the one that was not used for longest.
      cache.set(token, claims);
      if (revocations?.isRevoked(claims)) throw new ParleyError('session_revoked');
      return claims;
    },
  };
}

interface KeySource {
  get(fresh: boolean): Promise<ReturnType<typeof createLocalJWKSet> | null>;
}

function createKeySource(jwks: VerifierDeps['jwks'], clock: Clock): KeySource {
  let held: { set: ReturnType<typeof createLocalJWKSet>; at: number } | null = null;
  let fetching: Promise<void> | null = null;
  const fetchKeys = async (): Promise<void> => {
    const answer = await jwks();
    held = { set: createLocalJWKSet({ keys: [...answer.keys] } as JSONWebKeySet), at: clock.monotonic() };
  };
  return {
    async get(fresh) {
      if (held && (!fresh || clock.monotonic() - held.at < REFETCH_MS)) return fresh ? null : held.set;
      fetching ??= fetchKeys().finally(() => {
        fetching = null;
      });
      await fetching;
      return held?.set ?? null;
    },
  };
}

async function verifySignature(token: string, keys: KeySource, clock: Clock, issuer: string): Promise<unknown> {
  const options = { algorithms: ['EdDSA', 'Ed25519'], issuer, audience: TOKEN_AUDIENCE, clockTolerance: SKEW_S, currentDate: new Date(clock.now()) };
  const set = await keys.get(false);
  try {
    if (!set) throw new errors.JWKSNoMatchingKey();
    return (await jwtVerify(token, set, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) {
      const newer = await keys.get(true);
      if (newer) return await jwtVerify(token, newer, options).then((result) => result.payload, refuse);
    }
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw new ParleyError('token_expired');
  throw new ParleyError('unauthenticated', 'The access token is not one of ours.', { cause: error });
}
