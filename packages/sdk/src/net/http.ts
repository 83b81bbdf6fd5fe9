// Calls over HTTP: bearer token, one deadline, one more try after a refresh when the token has expired. Every failure is a ParleyError.
import { ParleyError } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import { asParleyError, errorBodyOf, errorFrom } from './error-of.ts';

const TIMEOUT_MS = 15_000;

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
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
    const cancel = deps.clock.after(TIMEOUT_MS, () => abort.abort(new ParleyError('unavailable', `No answer within ${TIMEOUT_MS} ms.`)));
    try {
      const response = await deps.fetch(`${base}${path}${queryOf(request.query)}`, {
        method: request.method ?? 'GET',
        headers: {
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...request.headers,
        },
        signal: abort.signal,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      const text = await response.text();
      const json: unknown = text === '' ? {} : parse(text);
      if (response.ok && json !== undefined) return json as T;
      const body = errorBodyOf((json as { error?: unknown } | undefined)?.error);
      throw body === null ? new ParleyError('unavailable', `HTTP ${response.status} without a reason.`) : errorFrom(body);
    } catch (thrown) {
      throw asParleyError(abort.signal.aborted ? abort.signal.reason : thrown);
    } finally {
      cancel();
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
