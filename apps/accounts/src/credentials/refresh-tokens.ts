// Refresh tokens: derived from the session and a number with the server's key, so that a lost answer can be given again though only its
// hash is stored. What a presented number means is decided here, purely.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface RefreshTokens {
  /** The `number`-th token of the session. */
  derive(session: string, number: number): string;
  /** Which token this is; null: we never made it. */
  read(token: string): { session: string; number: number } | null;
}

export const hashSecret = (secret: string): Uint8Array<ArrayBuffer> => new Uint8Array(createHash('sha256').update(secret).digest());

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

export function createRefreshTokens(key: string): RefreshTokens {
  const derive = (session: string, number: number): string =>
    `${session}.${number}.${createHmac('sha256', key).update(`parley-refresh:${session}:${number}`).digest('base64url')}`;
  return {
    derive,
    read(token) {
      const match = /^([0-9a-f-]{36})\.([1-9]\d{0,9})\.[A-Za-z0-9_-]{43}$/.exec(token);
      if (!match) return null;
      const [, session = '', digits = ''] = match;
      const number = Number(digits);
      return sameBytes(hashSecret(token), hashSecret(derive(session, number))) ? { session, number } : null;
    },
  };
}

/** For so long the previous token gets the same successor: two tabs, or a crash before the answer. */
export const REFRESH_GRACE_MS = 60_000;
/** A session that nobody used for so long has ended by itself. */
export const SESSION_IDLE_MS = 60 * 24 * 3_600_000;

export interface SessionFacts {
  /** Number of the newest token that was given out. */
  readonly number: number;
  readonly rotatedAt: number;
  readonly lastUsedAt: number;
  readonly ended: boolean;
}

/**
 * rotate: the newest, used for the first time. repeat: the one before, in its grace, and its successor was not used yet.
 * reused: an older one, or after the grace: somebody else has it. ended, unknown: refuse.
 */
export function judgeRefresh(session: SessionFacts, number: number, now: number): 'rotate' | 'repeat' | 'reused' | 'ended' | 'unknown' {
  if (session.ended || now - session.lastUsedAt > SESSION_IDLE_MS) return 'ended';
  if (number > session.number) return 'unknown';
  if (number === session.number) return 'rotate';
  return number === session.number - 1 && now - session.rotatedAt <= REFRESH_GRACE_MS ? 'repeat' : 'reused';
}
