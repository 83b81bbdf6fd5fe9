// What we sign: the body of a webhook, for its receiver to check, and links in letters, for us to check. HMAC-SHA256 throughout.
import { createHmac, timingSafeEqual } from 'node:crypto';

const hmac = (key: string, text: string, encoding: 'hex' | 'base64url'): string => createHmac('sha256', key).update(text).digest(encoding);

/**
 * `parley-signature: t=<seconds since 1970>,v1=<hex>` over `<t>.<body>`. A receiver refuses a `t` more than 300 s away from its own clock and an
 * id (`parley-id`) that it has seen within that time: so nothing can be played again. Each try is signed anew.
 */
export function signWebhook(secret: string, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  return `t=${t},v1=${hmac(secret, `${t}.${body}`, 'hex')}`;
}

/** Links carry who and what; `key` is this installation's. */
export interface LinkSigner {
  sign(purpose: string, value: object): string;
  /** null: not ours, or for something else. */
  check(purpose: string, token: string): unknown;
}

export function createLinkSigner(key: string): LinkSigner {
  const signature = (purpose: string, payload: string): string => hmac(key, `${purpose}:${payload}`, 'base64url');
  return {
    sign(purpose, value) {
      const payload = Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${payload}.${signature(purpose, payload)}`;
    },
    check(purpose, token) {
      const [payload = '', given = ''] = token.split('.');
      const wanted = Buffer.from(signature(purpose, payload));
      const offered = Buffer.from(given);
      if (offered.length !== wanted.length || !timingSafeEqual(offered, wanted)) return null;
      return JSON.parse(Buffer.from(payload, 'base64url').toString());
    },
  };
}
