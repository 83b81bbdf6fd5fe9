// Who is calling, between services: short-lived tokens signed with the installation's key. Holds no other secret.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, Rng } from '@parley/ports';
import { ParleyError } from '@parley/protocol';

const TOKEN_LIFE_MS = 60_000;

export interface InternalTokens {
  issue(caller: string): string;
  /** The caller's name. Throws ParleyError('unauthenticated'). */
  check(token: string): string;
}

/** Short-lived HMAC tokens `<caller>.<expiry>.<nonce>.<signature>`; one per caller is kept until half of its life is over. */
export function createInternalTokens(key: string, clock: Clock, rng: Rng): InternalTokens {
  if (key.length < 32) throw new Error('The internal key must have at least 32 characters.');
  const issued = new Map<string, { token: string; renewAt: number }>();
  const checked = new Map<string, { caller: string; expiresAt: number }>();
  const sign = (payload: string): string => createHmac('sha256', key).update(`parley-internal:${payload}`).digest('base64url');

  return {
    issue(caller) {
      const now = clock.now();
      const kept = issued.get(caller);
      if (kept && kept.renewAt > now) return kept.token;
      const payload = `${Buffer.from(caller).toString('base64url')}.${now + TOKEN_LIFE_MS}.${rng.secret(8)}`;
      const token = `${payload}.${sign(payload)}`;
      issued.set(caller, { token, renewAt: now + TOKEN_LIFE_MS / 2 });
      return token;
    },
    check(token) {
      const now = clock.now();
      const known = checked.get(token);
      if (known && known.expiresAt > now) return known.caller;
      checked.delete(token);
      const end = token.lastIndexOf('.');
      const payload = token.slice(0, Math.max(end, 0));
      const [caller = '', expiry = ''] = payload.split('.');
      const given = Buffer.from(token.slice(end + 1));
      const wanted = Buffer.from(sign(payload));
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new ParleyError('unauthenticated', 'The internal token is not ours.');
      const expiresAt = Number(expiry);
      if (!(expiresAt > now)) throw new ParleyError('unauthenticated', 'The internal token has expired.');
      const entry = { caller: Buffer.from(caller, 'base64url').toString(), expiresAt };
      if (checked.size >= 100) checked.clear();
      checked.set(token, entry);
      return entry.caller;
    },
  };
}
