// Calls over HTTP: bearer token, one deadline, one more try after a refresh when the token has expired. Every failure is a ParleyError.
import { ParleyError } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import { asParleyError, errorBodyOf, errorFrom } from './error-of.ts';

const TIMEOUT_MS = 15_000;

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** Sent as they are, instead of `body`; their type is in the headers. */
  readonly bytes?: Blob;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Default 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Given the headers of an answer that is no refusal. */
  readonly onHeaders?: (headers: Headers) => void;
}

export interface Http {
  /** Without a token: setup, register, login, refresh. */
  open<T>(path: string, request?: HttpRequest): Promise<T>;
  /** With the session's token. */
  call<T>(path: string, request?: HttpRequest): Promise<T>;
  /** Ends the calls in flight (`unavailable`). */
  close(): void;
}

export interface HttpDeps {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: SdkClock;
  /** A token that is good now; `refused` = the server has called this one expired. */
  readonly token: (refused?: string) => Promise<string>;
  /** The server said that the session is over. */
  readonly ended: (error: ParleyError) => void;
}

export function createHttp(deps: HttpDeps): Http {
  const running = new Set<AbortController>();
  const base = deps.url.replace(/\/+$/, '');

  const once = async <T>(path: string, request: HttpRequest, token: string | null): Promise<T> => {
    const abort = new AbortController();
    running.add(abort);
    const { timeoutMs = TIMEOUT_MS, signal } = request;
    const cancel = deps.clock.after(timeoutMs, () => abort.abort(new ParleyError('unavailable', `No answer within ${timeoutMs} ms.`)));
    const give = (): void => abort.abort(signal?.reason);
    signal?.addEventListener('abort', give);
    try {
      const response = await deps.fetch(`${base}${path}${queryOf(request.query)}`, {
        method: request.method ?? 'GET',
        headers: {
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...request.headers,
        },
        signal: abort.signal,
        ...(request.bytes !== undefined ? { body: request.bytes } : request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      const text = await response.text();
      const json: unknown = text === '' ? {} : parse(text);
      if (response.ok) request.onHeaders?.(response.headers);
      if (response.ok && json !== undefined) return json as T;
      // The answer to HEAD has no body to say why.
      if (request.method === 'HEAD' && response.status === 404) throw new ParleyError('not_found');
      const body = errorBodyOf((json as { error?: unknown } | undefined)?.error);
      throw body === null ? new ParleyError('unavailable', `HTTP ${response.status} without a reason.`) : errorFrom(body);
    } catch (thrown) {
      throw asParleyError(abort.signal.aborted ? abort.signal.reason : thrown);
    } finally {
      cancel();
      signal?.removeEventListener('abort', give);
      running.delete(abort);
    }
  };

  return {
    open: (path, request = {}) => once(path, request, null),
    async call<T>(path: string, request: HttpRequest = {}): Promise<T> {
      const token = await deps.token();
      try {
        return await once<T>(path, request, token);
      } catch (thrown) {
        const error = asParleyError(thrown);
        // unauthenticated: of a token that the server does not know (any more); a fresh one may be known.
        if (error.code === 'token_expired' || error.code === 'unauthenticated') return once<T>(path, request, await deps.token(token));
        if (error.code === 'session_revoked') deps.ended(error);
        throw error;
      }
    },
    close() {
      for (const abort of running) abort.abort(new ParleyError('unavailable', 'The client was closed.'));
    },
  };
}

function queryOf(query: HttpRequest['query']): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  return pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
