// What the edge answers while the service behind a route is away, each with a name and a reason. The name is in the header
// `parley-degraded` and in the metrics. No fallback pretends that something was done, and none says that it failed.
import type { PublicRoute } from './public-api.ts';

export interface Fallback {
  readonly name: string;
  /** last-known: the last good answer to the same question, if there was one lately. refuse: `unavailable` with retryAfterMs. */
  readonly kind: 'last-known' | 'refuse';
  /** `METHOD url` of single routes, or the service whose other routes it holds for. */
  readonly routes: readonly string[] | { readonly service: string };
  readonly reason: string;
}

export const DEGRADED_HEADER = 'parley-degraded';

const lastKnown = (name: string, route: string, reason: string): Fallback => ({ name, kind: 'last-known', routes: [route], reason });
const refuse = (name: string, service: string, reason: string): Fallback => ({ name, kind: 'refuse', routes: { service }, reason });

/** Looked through in this order. */
export const FALLBACKS: readonly Fallback[] = [
  lastKnown('last-known-setup', 'GET /api/setup', 'The sign-in page should show itself and say who is away, not be blank; it decides nothing.'),
  lastKnown('last-known-keys', 'GET /.well-known/jwks.json', 'Public keys change rarely, and others check tokens with them.'),
  lastKnown('last-known-people', 'GET /api/people', 'A conversation is read by names; a name that is minutes old is better than an id.'),
  lastKnown('last-known-push-key', 'GET /api/notifications/vapid', 'It is the same for ever.'),
  refuse('sign-in-waits', 'accounts', 'Who somebody is cannot be guessed. Who is signed in goes on: keys and tokens are checked without accounts.'),
  refuse('changes-of-rooms-wait', 'rooms', 'Rights are decided in one place only. Talking in rooms goes on.'),
  refuse('reading-waits', 'messages', 'An old page would hide what was said. What the client holds stays readable, and sending goes on through the log.'),
  refuse('rules-wait', 'notifications', 'Rules that were not taken must not look taken. Telling catches up by itself.'),
  refuse('files-wait', 'media', 'Bytes are nowhere else; an upload goes on from where it was.'),
];

export function fallbackOf({ method, url, service }: Pick<PublicRoute, 'method' | 'url' | 'service'>): Fallback {
  const name = `${method} ${url}`;
  const found = FALLBACKS.find(({ routes }) => ('service' in routes ? routes.service === service : routes.includes(name)));
  if (found === undefined) throw new Error(`${service} has no fallback: name one in fallbacks.ts.`);
  return found;
}
