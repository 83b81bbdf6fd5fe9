// Puts the SDK together: one object per client. Wiring only: what each part does stands in its own file.
import { type CommandResult, type ErrorBody, ParleyError, type Tokens } from '@parley/protocol';
import type { Observation, Parley, ParleyOptions, RoomHandle } from './api.ts';
import { isBrowser, onNetworkBack, realClock, realNewId, realRandom } from './browser-seams.ts';
import { createCalls } from './calls.ts';
import { createConnection } from './connection.ts';
import { createEmitter } from './emitter.ts';
import { wireFrames } from './frames.ts';
import { asParleyError } from './net/error-of.ts';
import { createHttp } from './net/http.ts';
import { createSession } from './net/session.ts';
import { createSocketTransport } from './net/socket-transport.ts';
import { createOutbox } from './outbox.ts';
import { createOwnState } from './own-state.ts';
import { createPeopleBook } from './people.ts';
import { createReadMarks } from './rooms/read-marks.ts';
import { createRoomHandle } from './rooms/room-handle.ts';
import { createRoomLoader } from './rooms/room-loader.ts';
import { createRoomSync } from './rooms/room-sync.ts';
import { createTyping } from './rooms/typing.ts';
import { createStateStore } from './state-store.ts';
import { indexedDbStorage } from './storage/indexed-db-storage.ts';
import { createKeep } from './storage/keep.ts';
import { memoryStorage } from './storage/memory-storage.ts';
import { createUserState } from './user-state.ts';

/** A client of the Parley at `options.url`. Nothing is fetched before it is asked to. */
export function createParley(options: ParleyOptions): Parley {
  const core = createCore(options);
  const { store, session, connection, outbox, emitter } = core;
  const handles = new Map<string, RoomHandle>();
  const signIn = async (way: 'register' | 'login', input: Parameters<typeof session.signIn>[1]): Promise<Tokens> => {
    core.check('close');
    const before = session.current();
    if (before !== null) core.stop('offline');
    const tokens = await session.signIn(way, input);
    await core.open(tokens);
    return tokens;
  };

  return {
    get state() {
      return store.read();
    },
    subscribe: store.subscribe,
    on: emitter.on,
    register: (input) => signIn('register', input),
    login: (input) => signIn('login', input),
    async restore() {
      core.check('close');
      if (!(await session.restore())) return false;
      const tokens = session.current();
      if (tokens === null) return false;
      await core.open(tokens);
      return true;
    },
    async logout() {
      await session.logout();
      await core.forgotten();
    },
    async connect() {
      core.check('session');
      await connection.connect();
      await core.loader.settled();
    },
    disconnect: () => core.stop('offline'),
    close: core.close,
    room(id) {
      let handle = handles.get(id);
      if (handle === undefined) {
        handle = createRoomHandle(id, core.handleDeps);
        handles.set(id, handle);
      }
      return handle;
    },
    people: { load: core.people.load, search: core.people.search, watch: core.people.watch },
    outbox: { retry: outbox.retry, drop: outbox.drop },
    ...createCalls({ http: core.http, own: core.own, took: core.people.take }),
  };
}

/** Every part, each given what it needs. The order matters only to the eye: they call each other after all are made. */
function createCore(options: ParleyOptions) {
  const clock = options.clock ?? realClock;
  const random = options.random ?? realRandom;
  const newId = options.newId ?? realNewId;
  const url = options.url.replace(/\/+$/, '');
  const storage = options.storage ?? (isBrowser() ? indexedDbStorage(`parley ${url}`) : memoryStorage());
  const observe: (observation: Observation) => void = options.observe ?? (() => {});
  const store = createStateStore(clock.now());
  const emitter = createEmitter();
  const user = createUserState();
  const at = { epoch: '', closed: false, me: '', forgetting: Promise.resolve() };
  const onError = (error: ErrorBody) => emitter.emit('error', error);
  const report = (thrown: unknown) => onError(asParleyError(thrown).toBody());
  const me = () => at.me;
  const changed = (room: string) => keep.dirty(room);

  const http = createHttp({
    url,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock,
    token: (refused) => session.token(refused),
    ended: (error) => void session.end(error),
  });
  const session = createSession({
    url,
    storage,
    clock,
    http: () => http,
    device: options.device,
    loadKey: options.loadKey,
    onTokens(tokens) {
      store.set({ me: { user: tokens.user, role: tokens.role, session: tokens.session } });
      connection.renew(tokens.accessToken);
    },
    // Ended by the server or in another tab: what was not sent stays for the next sign-in of the same person.
    onEnd(error) {
      connection.disconnect('signed-out', error ?? new ParleyError('unauthenticated', 'Signed out.'));
      if (error !== null) onError(error.toBody());
      store.set({ me: null });
    },
  });
  const loader = createRoomLoader({
    http,
    clock,
    random,
    tookSummary: (summary) => sync.tookSummary(summary),
    tookSnapshot: (snapshot, tail) => sync.tookSnapshot(snapshot, tail),
    onError: (error) => onError(error.toBody()),
  });
  const outbox = createOutbox({ storage, clock, newId, observe, onChange: (entries) => store.set({ outbox: entries }), onError });
  const result = (one: CommandResult) => {
    const room = store.room(one.room);
    outbox.result(one, room?.summary != null && one.seq !== undefined && one.seq > room.seq);
    emitter.emit('result', one);
  };
  const dress = wireFrames.dress(user);
  const sync = createRoomSync({
    store,
    user,
    loader,
    me,
    epoch: () => at.epoch,
    emit: emitter.emit,
    observe,
    onOwn: (event) => outbox.result({ room: event.room, clientId: event.clientId, status: 'committed', seq: event.seq }),
    onChange: changed,
    onStarted: outbox.reached,
    dress,
  });
  const marks = createReadMarks({ store, user, sync: () => sync, loader, clock, me, onChange: changed });
  const people = createPeopleBook({ http, store, clock, onChange: () => keep.dirty('people'), onError: report });
  const typing = createTyping({ store, clock, me });
  const keep = createKeep({
    storage,
    clock,
    room: store.room,
    state: () => ({ state: user.stored(), epoch: at.epoch }),
    people: () => [...store.read().people.values()],
    onError: report,
  });
  const frames = wireFrames.create({ store, user, http, sync, marks, people, typing, result, onChange: (what) => keep.dirty(what), report, dress });
  const own = createOwnState({ http, user, clock, onChange: (key) => frames.keys(new Set([key])), onError });
  const connection = createConnection({
    url,
    transport: options.transport ?? createSocketTransport(clock),
    clock,
    random,
    token: (refused) => session.token(refused),
    client: options.device ?? 'parley-sdk',
    places: frames.places,
    resumed(answer) {
      at.epoch = answer.epoch;
      frames.resumed(answer);
    },
    hello: (hello) => session.learnTime(hello.serverTime),
    frames: frames.handlers,
    usable(request) {
      if (request === null) {
        loader.pause();
        typing.forget();
      }
      outbox.online(request);
      marks.online(request);
      people.online(request);
    },
    status(status, bye) {
      if (bye !== undefined) store.set({ bye });
      if (store.read().status === status) return;
      store.set({ status, statusSince: clock.now() });
      emitter.emit('status', status);
    },
    ended: (error) => void session.end(error),
    observe,
    onError,
  });
  const undoNetwork = onNetworkBack(connection.hurry);

  const stop = (status: 'offline' | 'signed-out') => {
    connection.disconnect(status);
    loader.pause();
  };
  const forgetAll = (error: ParleyError, forget: boolean) => {
    own.forget();
    typing.forget();
    outbox.end(error, forget);
    sync.forget();
    people.forget();
    user.forget();
    store.forget();
    at.epoch = '';
  };

  return {
    http,
    session,
    store,
    emitter,
    loader,
    outbox,
    people,
    own,
    connection,
    stop,
    handleDeps: {
      http,
      store,
      outbox,
      sync,
      loader,
      marks,
      own,
      newId,
      typing: (room: string, on: boolean) => typing.tell(room, on, connection.send()),
      onChange: changed,
      check: () => check('session'),
    },
    check,
    /** After sign-in: what is stored of this person is shown at once. */
    async open(tokens: Tokens): Promise<void> {
      if (at.me !== tokens.user.id) {
        forgetAll(new ParleyError('unavailable', 'Another person signed in.'), false);
        at.me = tokens.user.id;
        await keep.claim(at.me);
        const kept = await keep.load();
        at.epoch = kept.epoch;
        if (kept.state !== null) {
          user.load(kept.state);
          for (const room of kept.rooms) {
            // What I was a member of no more when it was stored is no place to go on from.
            if (user.get(`room:${room.id}`) === null) continue;
            store.setRoom(dress(room));
            sync.track(room.id).need = null;
            observe({ kind: 'snapshot', room: room.id, seq: room.seq, epoch: room.epoch });
          }
          frames.showPrefs();
        }
        people.take([tokens.user, ...kept.people]);
        await outbox.load();
      }
      store.set({ me: { user: tokens.user, role: tokens.role, session: tokens.session } });
      if (store.read().status === 'signed-out') stop('offline');
    },
    async forgotten(): Promise<void> {
      stop('signed-out');
      forgetAll(new ParleyError('unauthenticated', 'Signed out.'), true);
      at.me = '';
      await keep.wipe().catch(report);
    },
    async close(): Promise<void> {
      if (at.closed) return;
      stop('offline');
      await own.flush();
      at.closed = true;
      undoNetwork();
      session.close();
      http.close();
      await keep.close();
      typing.forget();
      own.forget();
      outbox.end(new ParleyError('unavailable', 'The client was closed.'), false);
      emitter.clear();
    },
  };

  function check(what: 'close' | 'session'): void {
    if (at.closed) throw new ParleyError('unavailable', 'The client was closed.');
    if (what === 'session' && session.current() === null) throw new ParleyError('unauthenticated', 'Nobody is signed in.');
  }
}
