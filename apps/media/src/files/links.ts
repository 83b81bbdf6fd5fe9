// Addresses that a page can load without a token in them: signed, for one person and one file, and soon over. A link opens nothing by
// itself: what it stands for is "this person asks", and whether they may is asked anew each time.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';

export interface Signed {
  /** user */
  readonly u: string;
  /** until, ms since 1970 */
  readonly e: string;
  /** signature */
  readonly s: string;
}

export interface Links {
  /** The query of a link, good until `expiresAt`. */
  sign(file: string, user: string): { readonly query: string; readonly expiresAt: number };
  /** Whose link this is. Throws ParleyError('unauthenticated'). */
  check(file: string, signed: Signed): string;
}

const LIFE_MS = 5 * 60_000;

/** `key`: the same in every process that serves files, at least 32 characters. */
export function createLinks(key: string, clock: Clock): Links {
  if (key.length < 32) throw new Error('The key of links must have at least 32 characters.');
  const signature = (file: string, user: string, until: string): string =>
    createHmac('sha256', key).update(`parley-file:${file}:${user}:${until}`).digest('base64url');
  return {
    sign(file, user) {
      const expiresAt = clock.now() + LIFE_MS;
      const query = new URLSearchParams({ u: user, e: String(expiresAt), s: signature(file, user, String(expiresAt)) });
      return { query: query.toString(), expiresAt };
    },
    check(file, { u, e, s }) {
      const given = Buffer.from(s);
      const wanted = Buffer.from(signature(file, u, e));
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new ParleyError('unauthenticated', 'This link is not one of ours.');
      if (!(Number(e) > clock.now())) throw new ParleyError('unauthenticated', 'This link is over: ask for a new one.');
      return u;
    },
  };
}
