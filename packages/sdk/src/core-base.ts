// The ground that every part of one client stands on: seams, storage, state, HTTP and the session.
import { type ErrorBody, ParleyError, type Tokens } from '@parley/protocol';
import type { Observation, ParleyOptions } from './api.ts';
import { isBrowser, realClock, realNewId, realNewTrace, realRandom } from './browser-seams.ts';
import type { Connection } from './connection.ts';
import { createEmitter } from './emitter.ts';
import { createUserState } from './me/user-state.ts';
import { asParleyError } from './net/error-of.ts';
import { createHttp, type Http } from './net/http.ts';
import { createSession, type Session } from './net/session.ts';
import { createStateStore } from './state-store.ts';
import { indexedDbStorage } from './storage/indexed-db-storage.ts';
import { memoryStorage } from './storage/memory-storage.ts';

export type Base = ReturnType<typeof createBase>;

export function createBase(options: ParleyOptions) {
  const clock = options.clock ?? realClock;
  const url = options.url.replace(/\/+$/, '');
  const storage = options.storage ?? (isBrowser() ? indexedDbStorage(`parley ${url}`) : memoryStorage());
  const watcher: (observation: Observation) => void = options.observe ?? (() => {});
  // Who watches must not hold up what is watched: a send whose watcher threw would never end.
  const observe = (observation: Observation): void => {
    try {
      watcher(observation);
    } catch (thrown) {
      report(thrown);
    }
  };
  const store = createStateStore(clock.now());
  const emitter = createEmitter();
  const onError = (error: ErrorBody) => emitter.emit('error', error);
  const report = (thrown: unknown) => onError(asParleyError(thrown).toBody());
  /** What changes over the client's life; `me` is the id of who is, or was last, signed in. */
  const at = { epoch: '', closed: false, me: '', traceRatio: 0, connection: null as Connection | null };

  const http: Http = createHttp({
    url,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock,
    token: (refused) => session.token(refused),
    ended: (error) => void session.end(error),
  });
  const session: Session = createSession({
    url,
    storage,
    clock,
    http: () => http,
    device: options.device,
    loadKey: options.loadKey,
    onTokens(tokens) {
      showMe(tokens);
      at.connection?.renew(tokens.accessToken);
    },
    // Ended by the server or in another tab: what was not sent stays for the next sign-in of the same person.
    onEnd(error) {
      at.connection?.disconnect('signed-out', error ?? new ParleyError('unauthenticated', 'Signed out.'));
      if (error !== null) onError(error.toBody());
      store.set({ me: null });
    },
  });
  const showMe = (tokens: Tokens) => store.set({ me: { user: tokens.user, role: tokens.role, session: tokens.session } });

  return {
    clock,
    random: options.random ?? realRandom,
    newId: options.newId ?? realNewId,
    newTrace: options.newTrace ?? realNewTrace,
    url,
    storage,
    observe,
    store,
    emitter,
    user: createUserState(),
    at,
    http,
    session,
    onError,
    report,
    me: () => at.me,
    showMe,
    /** Throws ParleyError when the client is closed, or (`session`) nobody is signed in. */
    check(what: 'close' | 'session'): void {
      if (at.closed) throw new ParleyError('unavailable', 'The client was closed.');
      if (what === 'session' && session.current() === null) throw new ParleyError('unauthenticated', 'Nobody is signed in.');
    },
  };
}
