// Writes of my own state keys (drafts, mutes, preferences): shown at once, written over HTTP, taken back when refused.
import { ERRORS, type ErrorBody } from '@parley/protocol';
import type { SdkClock } from '../api.ts';
import { asParleyError } from '../net/error-of.ts';
import type { Http } from '../net/http.ts';
import type { UserState } from './user-state.ts';

/** A draft is written when the keys have rested this long. */
const REST_MS = 800;
const AGAIN_MS = 5_000;

export interface OwnState {
  /** Resolves when it is written; rejects with ParleyError, and shows the old value again. */
  put(key: string, value: unknown): Promise<void>;
  /** Written a moment later, the last value only, and again until it is taken. */
  soon(key: string, value: unknown): void;
  /** Writes now what waits. */
  flush(): Promise<void>;
  forget(): void;
}

export interface OwnStateDeps {
  readonly http: Http;
  readonly user: UserState;
  readonly clock: SdkClock;
  readonly onChange: (key: string) => void;
  readonly onError: (error: ErrorBody) => void;
}

export function createOwnState(deps: OwnStateDeps): OwnState {
  const waiting = new Map<string, { readonly value: unknown; readonly cancel: () => void }>();

  const write = (key: string, value: unknown): Promise<unknown> =>
    deps.http.call(`/api/me/state/${encodeURIComponent(key)}`, { method: 'PUT', body: { value } });

  const put = async (key: string, value: unknown): Promise<void> => {
    const undo = deps.user.expect(key, value);
    deps.onChange(key);
    try {
      await write(key, value);
    } catch (thrown) {
      undo();
      deps.onChange(key);
      throw thrown;
    }
  };
  const writeWaiting = async (key: string): Promise<void> => {
    const mine = waiting.get(key);
    if (mine === undefined) return;
    mine.cancel();
    waiting.delete(key);
    try {
      await write(key, mine.value);
    } catch (thrown) {
      const error = asParleyError(thrown);
      if (ERRORS[error.code].retry && !waiting.has(key)) later(key, mine.value, error.retryAfterMs ?? AGAIN_MS);
      else deps.onError(error.toBody());
    }
  };
  const later = (key: string, value: unknown, ms: number) => {
    waiting.get(key)?.cancel();
    waiting.set(key, { value, cancel: deps.clock.after(ms, () => void writeWaiting(key)) });
  };

  return {
    put,
    soon(key, value) {
      deps.user.expect(key, value);
      deps.onChange(key);
      later(key, value, REST_MS);
    },
    async flush() {
      await Promise.all([...waiting.keys()].map(writeWaiting));
    },
    forget() {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
