// Which web pages may talk to this server: its own, and those named exactly.

/** `origin` and `host` are the request's headers. No origin: not a browser's page, so there is nothing to protect from. */
export type OriginCheck = (origin: string | undefined, host: string | undefined) => boolean;

/** Exact origins only ('https://chat.example.org'): no patterns, no suffixes, and never the opaque 'null'. */
export function createOriginCheck(origins: readonly string[]): OriginCheck {
  const allowed = new Set(origins.map((origin) => origin.replace(/\/$/, '').toLowerCase()));
  return (origin, host) => {
    if (origin === undefined) return true;
    if (allowed.has(origin.toLowerCase()) && origin !== 'null') return true;
    // Only web pages have a host of their own: file: and the like have an empty one.
    return /^https?:\/\/./i.test(origin) && URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  };
}
