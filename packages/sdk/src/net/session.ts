// Who is signed in, and a token that is good now. Exactly one of all clients that share the storage refreshes at a time; the others
// take what it stored. Tokens are never shown in errors or observations.
import { ERRORS, LOAD_KEY_HEADER, type Login, ParleyError, type Register, type Tokens } from '@parley/protocol';
import type { SdkClock, Storage } from '../api.ts';
import { openTabChannel, withTabLock } from '../browser-seams.ts';
import { asParleyError } from './error-of.ts';
import type { Http } from './http.ts';

export const SESSION_KEY = 'session';
/** Refresh when this much of a token's life is left. */
const AHEAD_MS = 60_000;
const AGAIN_MS = 5_000;
/** The two clocks may differ by this much before the time of refreshing is set anew. */
const DRIFT_MS = 5_000;

export interface SessionDeps {
  readonly url: string;
  readonly storage: Storage;
  readonly clock: SdkClock;
  readonly http: () => Http;
  readonly device: string | undefined;
  readonly loadKey: string | undefined;
  /** Signed in, or its tokens are new. */
  readonly onTokens: (tokens: Tokens) => void;
  /** The session is over: `error` says why, null when it was asked for. */
  readonly onEnd: (error: ParleyError | null) => void;
}

export interface Session {
  current(): Tokens | null;
  signIn(way: 'register' | 'login', input: Register | Login): Promise<Tokens>;
  restore(): Promise<boolean>;
  logout(): Promise<void>;
  /** Erases the account; the end of the session that the server then tells is the one that was asked for. */
  erase(password: string): Promise<void>;
  /** A token that is good for a while. `refused`: the server called this one expired. */
  token(refused?: string): Promise<string>;
  end(error: ParleyError): Promise<void>;
  /** The server's clock as it was told to us, ms since 1970. */
  learnTime(serverNow: number): void;
  close(): void;
}

/** One refresher among the clients of this process that share a storage. */
const chains = new WeakMap<Storage, Promise<unknown>>();
function alone<T>(storage: Storage, name: string, work: () => Promise<T>): Promise<T> {
  const before = chains.get(storage) ?? Promise.resolve();
  const mine = before.then(() => withTabLock(name, work));
  chains.set(
    storage,
    mine.catch(() => {}),
  );
  return mine;
}

export function createSession(deps: SessionDeps): Session {
  let tokens: Tokens | null = null;
  let offsetMs = 0;
  let refreshing: Promise<Tokens> | null = null;
  let cancelTimer = () => {};
  let closed = false;
  let erasing = false;
  const name = `parley:${deps.url}`;
  const tabs = openTabChannel(name, () => void adoptStored());

  const leftMs = (of: Tokens) => of.accessExpiresAt - (deps.clock.now() + offsetMs);
  const schedule = (ms: number) => {
    cancelTimer();
    if (closed) return;
    cancelTimer = deps.clock.after(ms, () => {
      refresh().catch((error: ParleyError) => {
        if (tokens !== null && ERRORS[error.code].retry) schedule(error.retryAfterMs ?? AGAIN_MS);
      });
    });
  };
  /** A minute ahead of the expiry, or at half of a short life. */
  const waitMs = (of: Tokens) => Math.max(1_000, leftMs(of) - Math.min(AHEAD_MS, leftMs(of) / 2));
  const adopt = (next: Tokens) => {
    tokens = next;
    schedule(waitMs(next));
    deps.onTokens(next);
  };
  const take = async (next: Tokens): Promise<Tokens> => {
    const issuedAt = issuedAtOf(next.accessToken);
    if (issuedAt !== null) offsetMs = issuedAt - deps.clock.now();
    await deps.storage.set(SESSION_KEY, next);
    if (closed) return next;
    adopt(next);
    tabs.say('session');
    return next;
  };
  /** Over for this client only; what is stored belongs to others. */
  const leave = (error: ParleyError | null) => {
    cancelTimer();
    const had = tokens !== null;
    tokens = null;
    if (had) deps.onEnd(erasing ? null : error);
  };
  const drop = async (error: ParleyError | null) => {
    const mine = tokens;
    leave(error);
    const stored = asTokens(await deps.storage.get(SESSION_KEY).catch(() => undefined));
    if (mine === null || (stored !== null && stored.session !== mine.session)) return;
    await deps.storage.delete(SESSION_KEY).catch(() => {});
    tabs.say('session');
  };
  async function adoptStored(): Promise<void> {
    const stored = asTokens(await deps.storage.get(SESSION_KEY).catch(() => undefined));
    if (closed || tokens === null) return;
    if (stored === null || stored.user.id !== tokens.user.id) leave(null);
    else if (stored.accessToken !== tokens.accessToken) adopt(stored);
  }

  const refreshOnce = async (): Promise<Tokens> => {
    const mine = tokens;
    if (mine === null) throw new ParleyError('unauthenticated', 'Nobody is signed in.');
    return alone(deps.storage, `${name}:refresh`, async () => {
      const stored = asTokens(await deps.storage.get(SESSION_KEY));
      if (stored === null || stored.user.id !== mine.user.id || closed) throw new ParleyError('unauthenticated', 'Nobody is signed in any more.');
      // Another tab was first: its tokens are as good as ours would be.
      if (stored.accessToken !== mine.accessToken && leftMs(stored) > 0) {
        adopt(stored);
        return stored;
      }
      return take(await deps.http().open<Tokens>('/api/accounts/refresh', { method: 'POST', body: { refreshToken: stored.refreshToken } }));
    });
  };
  function refresh(): Promise<Tokens> {
    refreshing ??= refreshOnce()
      .catch(async (thrown: unknown) => {
        const error = asParleyError(thrown);
        if (error.code === 'refresh_reused' || error.code === 'session_revoked' || error.code === 'unauthenticated') await drop(error);
        throw error;
      })
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  }

  return {
    current: () => tokens,
    async signIn(way, input) {
      const body = deps.device === undefined || input.device !== undefined ? input : { ...input, device: deps.device };
      const headers = deps.loadKey === undefined ? {} : { [LOAD_KEY_HEADER]: deps.loadKey };
      return take(await deps.http().open<Tokens>(`/api/accounts/${way}`, { method: 'POST', body, headers }));
    },
    async restore() {
      const stored = asTokens(await deps.storage.get(SESSION_KEY).catch(() => undefined));
      if (stored === null) return false;
      adopt(stored);
      if (leftMs(stored) > 0) return true;
      try {
        await refresh();
      } catch (thrown) {
        // Not reachable is not signed out: the app opens with what is stored.
        if (tokens === null || !ERRORS[asParleyError(thrown).code].retry) return tokens !== null;
      }
      return true;
    },
    async logout() {
      if (tokens === null) return;
      await deps
        .http()
        .open('/api/accounts/logout', { method: 'POST', body: { refreshToken: tokens.refreshToken } })
        .catch(() => {});
      await drop(null);
    },
    async erase(password) {
      erasing = true;
      try {
        await deps.http().call('/api/me/erase', { method: 'POST', body: { password } });
        await drop(null);
      } finally {
        erasing = false;
      }
    },
    async token(refused) {
      const now = tokens;
      if (now === null) throw new ParleyError('unauthenticated', 'Nobody is signed in.');
      if (now.accessToken !== refused && leftMs(now) > 2_000) return now.accessToken;
      return (await refresh()).accessToken;
    },
    end: (error) => drop(error),
    learnTime(serverNow) {
      const before = offsetMs;
      offsetMs = serverNow - deps.clock.now();
      if (tokens !== null && Math.abs(offsetMs - before) > DRIFT_MS) schedule(waitMs(tokens));
    },
    close() {
      closed = true;
      cancelTimer();
      tabs.close();
    },
  };
}

function asTokens(value: unknown): Tokens | null {
  const tokens = value as Tokens | null | undefined;
  return typeof tokens === 'object' && tokens !== null && typeof tokens.accessToken === 'string' && typeof tokens.refreshToken === 'string' ? tokens : null;
}

/** When the token was issued, ms since 1970 by the server's clock; null when it does not say. Read, never trusted. */
function issuedAtOf(token: string): number | null {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { iat?: unknown };
    return typeof claims.iat === 'number' ? claims.iat * 1000 : null;
  } catch {
    return null;
  }
}
