// Access tokens: EdDSA JWTs of ten minutes, and the public keys that others check them with.
import type { Clock } from '@parley/ports';
import type { AccessClaims } from '@parley/protocol';
import { TOKEN_AUDIENCE } from '@parley/runtime';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

/** A key pair as it is kept in the database. */
export interface SigningKey {
  readonly kid: string;
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

export async function makeSigningKey(): Promise<SigningKey> {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  return { kid: await calculateJwkThumbprint(publicJwk), privateJwk: await exportJWK(pair.privateKey), publicJwk };
}

export interface AccessTokens {
  issue(claims: Pick<AccessClaims, 'sub' | 'sid' | 'role' | 'cls'>): Promise<{ accessToken: string; accessExpiresAt: number }>;
  readonly jwks: { readonly keys: { kid: string; [field: string]: unknown }[] };
}

export async function createAccessTokens(key: SigningKey, { clock, issuer, ttlMs }: { clock: Clock; issuer: string; ttlMs: number }): Promise<AccessTokens> {
  const privateKey = await importJWK(key.privateJwk, 'EdDSA');
  return {
    jwks: { keys: [{ ...key.publicJwk, kid: key.kid, alg: 'EdDSA', use: 'sig' }] },
    async issue({ sub, sid, role, cls }) {
      const iat = Math.floor(clock.now() / 1000);
      const exp = Math.floor((clock.now() + ttlMs) / 1000);
      const accessToken = await new SignJWT({ sid, role, cls })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
        .setSubject(sub)
        .setIssuer(issuer)
        .setAudience(TOKEN_AUDIENCE)
        .setIssuedAt(iat)
        .setExpirationTime(exp)
        .sign(privateKey);
      return { accessToken, accessExpiresAt: exp * 1000 };
    },
  };
}
