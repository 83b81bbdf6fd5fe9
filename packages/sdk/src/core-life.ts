// A client's life: the connection over its parts, what happens at sign-in, sign-out and close.
import { ParleyError, type Tokens } from '@parley/protocol';
import type { ParleyOptions } from './api.ts';
import { onNetworkBack } from './browser-seams.ts';
import { type Connection, createConnection } from './connection.ts';
import type { Base } from './core-base.ts';
import type { Parts } from './core-parts.ts';
import { createGatewayAddress } from './net/gateway-address.ts';
import { createSocketTransport } from './net/socket-transport.ts';

export function createLink(base: Base, parts: Parts, options: ParleyOptions): Connection {
  const { clock, session, store, at } = base;
  return createConnection({
    url: base.url,
    // Who brings a transport knows where it goes.
    ...(options.transport === undefined ? { where: createGatewayAddress(base) } : {}),
    transport: options.transport ?? createSocketTransport(clock),
    clock,
    random: base.random,
    token: (refused) => session.token(refused),
    client: options.device ?? 'parley-sdk',
    places: parts.frames.places,
    resumed(answer) {
      at.epoch = answer.epoch;
      parts.frames.resumed(answer);
    },
    hello(hello) {
      session.learnTime(hello.serverTime);
      at.traceRatio = hello.traceRatio ?? 0;
    },
    frames: parts.frames.handlers,
    usable(request) {
      if (request === null) {
        parts.loader.pause();
        parts.frames.pause();
        parts.typing.forget();
      }
      parts.outbox.online(request);
      if (request !== null) parts.outbox.load().catch(base.report);
      parts.marks.online(request);
      parts.people.online(request);
    },
    status(status, bye) {
      if (bye !== undefined) store.set({ bye });
      if (store.read().status === status) return;
      store.set({ status, statusSince: clock.now() });
      base.emitter.emit('status', status);
    },
    ended: (error) => void session.end(error),
    observe: base.observe,
    onError: base.onError,
  });
}

export interface Life {
  /** Signed in: what is stored of this person is shown at once. */
  begin(tokens: Tokens): Promise<void>;
  stop(status: 'offline' | 'signed-out'): void;
  /** Signed out by the person: nothing is kept. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export function createLife(base: Base, parts: Parts, connection: Connection): Life {
  const { at, store, user } = base;
  const { keep, loader, outbox, sync, people, typing, frames, own } = parts;
  const undoNetwork = onNetworkBack(connection.hurry);

  const stop = (status: 'offline' | 'signed-out') => {
    connection.disconnect(status);
    loader.pause();
  };
  const clear = (error: ParleyError, forget: boolean) => {
    own.forget();
    typing.forget();
    outbox.end(error, forget);
    sync.forget();
    people.forget();
    user.forget();
    store.forget();
    at.epoch = '';
  };
  const show = async () => {
    const kept = await keep.load();
    at.epoch = kept.epoch;
    // Without my state it is not known which of the rooms are mine still.
    if (kept.state === null) return kept.people;
    user.load(kept.state);
    for (const room of kept.rooms) {
      if (user.get(`room:${room.id}`) === null) continue;
      store.setRoom(parts.dress(room));
      sync.track(room.id).need = null;
      // For those who watch, a stored place is a snapshot: what follows goes on from there.
      base.observe({ kind: 'snapshot', room: room.id, seq: room.seq, epoch: room.epoch });
    }
    frames.showPrefs();
    return kept.people;
  };

  return {
    async begin(tokens) {
      if (at.me !== tokens.user.id) {
        clear(new ParleyError('unavailable', 'Another person signed in.'), false);
        at.me = tokens.user.id;
        await keep.claim(at.me);
        people.take([tokens.user, ...(await show())]);
        await outbox.load();
      }
      base.showMe(tokens);
      if (store.read().status === 'signed-out') stop('offline');
    },
    stop,
    async forget() {
      stop('signed-out');
      clear(new ParleyError('unauthenticated', 'Signed out.'), true);
      at.me = '';
      await keep.wipe().catch(base.report);
    },
    async close() {
      if (at.closed) return;
      stop('offline');
      await own.flush();
      at.closed = true;
      undoNetwork();
      base.session.close();
      base.http.close();
      await keep.close();
      typing.forget();
      own.forget();
      outbox.end(new ParleyError('unavailable', 'The client was closed.'), false);
      base.emitter.clear();
    },
  };
}
