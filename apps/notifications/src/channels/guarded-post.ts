// POST to an address that somebody else named (a push service, a webhook's receiver). The resolved address is judged when it is dialled, so a
// name that changes its answer gains nothing. No redirect is followed, the answer is read up to a limit, and all of it ends by a deadline.
import { lookup as systemLookup } from 'node:dns';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '@parley/ports';
import { isPublicAddress } from './public-address.ts';

/** Answers the status. Rejects with RefusedAddress, or with what the network said. */
export type GuardedPost = (url: string, headers: Readonly<Record<string, string | number>>, body: string | Uint8Array) => Promise<Posted>;

export interface Posted {
  readonly status: number;
}

export interface GuardedPostDeps {
  readonly clock: Clock;
  /** For tests and closed networks: addresses are not judged, and plain http is taken. */
  readonly allowPrivate: boolean;
  readonly deadlineMs?: number;
  /** The resolver; its answers are judged, whatever they are. */
  readonly lookup?: (host: string, answer: (error: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void) => void;
}

/** The address is not one of the public internet: nothing was sent. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
}

const DEADLINE_MS = 10_000;
const ANSWER_BYTES = 65_536;

const systemResolver: NonNullable<GuardedPostDeps['lookup']> = (host, answer) =>
  systemLookup(host, { all: true }, (error, addresses) => answer(error, addresses ?? []));

/** Throws RefusedAddress for what can be told without asking anybody. */
export function checkAddress(url: string, allowPrivate: boolean): URL {
  const address = new URL(url);
  if (address.protocol !== 'https:' && address.protocol !== 'http:') throw new RefusedAddress('Only http and https.');
  if (address.username !== '' || address.password !== '') throw new RefusedAddress('An address with a user or a password is refused.');
  if (allowPrivate) return address;
  // URL has made decimal, octal and short forms into the address that they mean.
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const literal = /^[\d.]+$/.test(host) || host.includes(':');
  if (literal && !isPublicAddress(host)) throw new RefusedAddress('It is not an address of the public internet.');
  return address;
}

export function createGuardedPost({ clock, allowPrivate, deadlineMs = DEADLINE_MS, lookup = systemResolver }: GuardedPostDeps): GuardedPost {
  // Node asks for one address or for all; either way every one must be good: a mixed answer is an attack or a mistake.
  const judged: LookupFunction = (host, options, done) => {
    lookup(host, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) return done(error ?? new Error(`${host} has no address.`), '', 0);
      if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address)))
        return done(new RefusedAddress('It is not an address of the public internet.'), '', 0);
      if (options.all === true) return done(null, [...addresses]);
      return done(null, first.address, first.family);
    });
  };

  return async (url, headers, body) => {
    const address = checkAddress(url, allowPrivate);
    const send = address.protocol === 'https:' ? httpsRequest : httpRequest;
    // A connection of its own: a kept one was judged for another name.
    const request = send(address, { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, lookup: judged, agent: false });
    const timer = clock.after(deadlineMs, () => request.destroy(new Error(`no answer within ${deadlineMs} ms`)));
    try {
      return await answered(request, body, allowPrivate);
    } finally {
      timer.cancel();
      request.destroy();
    }
  };
}

function answered(request: ClientRequest, body: string | Uint8Array, allowPrivate: boolean): Promise<Posted> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('socket', (socket) => {
      // What was dialled in the end, should any way around the resolver be found.
      socket.on('connect', () => {
        if (!allowPrivate && !isPublicAddress(socket.remoteAddress ?? '')) request.destroy(new RefusedAddress('It is not an address of the public internet.'));
      });
    });
    request.on('response', (response) => resolve(read(response)));
    request.end(body);
  });
}

/** The status counts; of the rest only so much is taken as lets the other side end in peace. */
function read(response: IncomingMessage): Promise<Posted> {
  const posted = { status: response.statusCode ?? 0 };
  return new Promise((resolve) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES) response.destroy();
    });
    response.on('close', () => resolve(posted));
    response.on('error', () => resolve(posted));
  });
}
