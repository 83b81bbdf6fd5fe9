// Access tokens: what passes, what does not, and that checking one again costs nothing but stays right.
import { createManualClock, systemRng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createVerifier, TOKEN_AUDIENCE } from './verifier.ts';

async function setup() {
  const clock = createManualClock();
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  const keys: object[] = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'EdDSA' }];
  const revoked = new Set<string>();
  const counted = { fetches: 0, down: false };
  const verifier = createVerifier({
    jwks: async () => {
      counted.fetches++;
      if (counted.down) throw new ParleyError('unavailable');
      return { keys: [...keys] };
    },
    revocations: { isRevoked: (claims) => revoked.has(claims.sid) },
    clock,
    issuer: 'here',
  });
  const sid = systemRng.id();
  const make = (
    change: { kid?: string; issuer?: string; audience?: string; claims?: object; ttlS?: number; iatS?: number; key?: CryptoKey; alg?: string } = {},
  ) => {
    const now = Math.floor(clock.now() / 1000) + (change.iatS ?? 0);
    return new SignJWT({ sid, role: 'member', cls: 'person', ...change.claims })
      .setProtectedHeader({ alg: change.alg ?? 'EdDSA', kid: change.kid ?? 'one' })
      .setSubject(systemRng.id())
      .setIssuer(change.issuer ?? 'here')
      .setAudience(change.audience ?? TOKEN_AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(now + (change.ttlS ?? 600))
      .sign(change.key ?? pair.privateKey);
  };
  const codeOf = (token: string) =>
    verifier.verify(token).then(
      () => 'none',
      (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
    );
  return { clock, keys, revoked, counted, verifier, make, sid, codeOf };
}

test('A token of ours passes until the second it ends, however often it was checked.', async () => {
  const { clock, counted, verifier, make, sid, codeOf } = await setup();
  const token = await make();
  for (let i = 0; i < 3; i++) expect((await verifier.verify(token)).sid).toBe(sid);
  expect(counted.fetches).toBe(1);
  await clock.advance(599_999);
  expect(await codeOf(token)).toBe('none');
  await clock.advance(1);
  expect(await codeOf(token)).toBe('token_expired');
});

test('Expiry has no tolerance for a token that was never seen before either.', async () => {
  const { codeOf, make } = await setup();
  expect(await codeOf(await make({ iatS: -600 }))).toBe('token_expired');
  expect(await codeOf(await make({ iatS: 30 }))).toBe('none');
});

test('Tokens of others, for others, without claims, or signed otherwise do not pass.', async () => {
  const { codeOf, make } = await setup();
  const stranger = await generateKeyPair('EdDSA');
  const hmac = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(new Uint8Array(32));
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.`;
  const bad = [
    await make({ key: stranger.privateKey }),
    await make({ issuer: 'there' }),
    await make({ audience: 'someone' }),
    await make({ claims: { role: 'admin' } }),
    await make({ claims: { sid: 'x' } }),
    hmac,
    none,
    'a.b.c',
    '',
    'x'.repeat(5_000),
  ];
  for (const token of bad) expect(await codeOf(token)).toBe('unauthenticated');
});

test('A session that ended while its token was known is refused at the next check.', async () => {
  const { codeOf, make, revoked, sid } = await setup();
  const token = await make();
  expect(await codeOf(token)).toBe('none');
  revoked.add(sid);
  expect(await codeOf(token)).toBe('session_revoked');
});

test('A new key is fetched when a token names it; unknown names do not make a flood of fetches.', async () => {
  const { clock, codeOf, make, keys, counted } = await setup();
  expect(await codeOf(await make())).toBe('none');
  const second = await generateKeyPair('EdDSA', { extractable: true });
  const token = await make({ kid: 'two', key: second.privateKey });
  for (let i = 0; i < 20; i++) expect(await codeOf(await make({ kid: `made-up-${i}` }))).toBe('unauthenticated');
  expect(counted.fetches).toBe(1);
  keys.push({ ...(await exportJWK(second.publicKey)), kid: 'two', alg: 'EdDSA' });
  await clock.advance(10_000);
  expect(await codeOf(token)).toBe('none');
  expect(counted.fetches).toBe(2);
});

test('Keys that cannot be fetched are unavailable, not a wrong token, and are asked for again.', async () => {
  const { codeOf, make, counted } = await setup();
  counted.down = true;
  const token = await make();
  expect(await codeOf(token)).toBe('unavailable');
  counted.down = false;
  expect(await codeOf(token)).toBe('none');
});
