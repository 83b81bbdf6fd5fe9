// Puts the SDK together: one object per client. Wiring only: what each part does stands in its own file.
import type { Tokens } from '@parley/protocol';
import type { Parley, ParleyOptions, RoomHandle } from './api.ts';
import { createCalls } from './calls.ts';
import { createBase } from './core-base.ts';
import { createLife, createLink } from './core-life.ts';
import { createParts } from './core-parts.ts';
import { createFiles } from './files/files.ts';
import { createNotifications } from './me/notifications.ts';
import { createTraces } from './net/traces.ts';
import { createRoomHandle } from './rooms/room-handle.ts';

/** A client of the Parley at `options.url`. Nothing is fetched before it is asked to. */
export function createParley(options: ParleyOptions): Parley {
  const base = createBase(options);
  const parts = createParts(base);
  const connection = createLink(base, parts, options);
  base.at.connection = connection;
  const life = createLife(base, parts, connection);
  const { store, session } = base;
  const files = createFiles({ http: base.http, clock: base.clock, random: base.random, url: base.url, me: base.me, check: () => base.check('session') });
  const handles = new Map<string, RoomHandle>();
  const handleDeps = {
    ...parts,
    http: base.http,
    store,
    newId: base.newId,
    traces: createTraces({ ...base, ratio: () => base.at.traceRatio, onTrace: options.onTrace }),
    typing: (room: string, on: boolean) => parts.typing.tell(room, on, connection.send()),
    onChange: parts.keep.dirty,
    check: () => base.check('session'),
  };
  const signIn = async (way: 'register' | 'login', input: Parameters<typeof session.signIn>[1]): Promise<Tokens> => {
    base.check('close');
    if (session.current() !== null) life.stop('offline');
    const tokens = await session.signIn(way, input);
    await life.begin(tokens);
    return tokens;
  };

  return {
    get state() {
      return store.read();
    },
    subscribe: store.subscribe,
    on: base.emitter.on,
    register: (input) => signIn('register', input),
    login: (input) => signIn('login', input),
    async restore() {
      base.check('close');
      const restored = await session.restore();
      const tokens = session.current();
      if (!restored || tokens === null) return false;
      await life.begin(tokens);
      return true;
    },
    async logout() {
      await session.logout();
      await life.forget();
    },
    async eraseAccount(password) {
      base.check('session');
      await session.erase(password);
      store.set({ bye: null });
      await life.forget();
    },
    async connect() {
      base.check('session');
      await connection.connect();
      await parts.loader.settled();
    },
    disconnect: () => life.stop('offline'),
    close: life.close,
    room(id) {
      const handle = handles.get(id) ?? createRoomHandle(id, handleDeps);
      handles.set(id, handle);
      return handle;
    },
    upload: files.upload,
    fileUrl: files.fileUrl,
    people: { load: parts.people.load, search: parts.people.search, watch: parts.people.watch },
    outbox: { retry: parts.outbox.retry, drop: parts.outbox.drop },
    notifications: createNotifications({ http: base.http }),
    ...createCalls({ http: base.http, own: parts.own, took: parts.people.take }),
  };
}
