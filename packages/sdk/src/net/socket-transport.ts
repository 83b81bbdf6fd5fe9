// socket.io-client as the SDK's Transport. WebSocket only; its own reconnection stays off, because ours obeys `bye` and jitters.
import { ParleyError } from '@parley/protocol';
import { io } from 'socket.io-client';
import type { SdkClock, Transport, TransportConnection, TransportListener } from '../api.ts';
import { errorBodyOf } from './error-of.ts';

export function createSocketTransport(clock: SdkClock): Transport {
  return { open: (options) => openSocket(clock, options.url, options.auth, options.listener) };
}

function openSocket(clock: SdkClock, url: string, auth: () => Promise<unknown>, listener: TransportListener): TransportConnection {
  const waiting = new Set<(error: ParleyError) => void>();
  let ended = false;
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    autoConnect: false,
    timeout: 10_000,
    auth: (give) => {
      auth().then(
        (value) => give(value as { [key: string]: unknown }),
        (error: unknown) => end('no token', error instanceof ParleyError ? error.toBody() : null),
      );
    },
  });
  function end(reason: string, refused: ReturnType<typeof errorBodyOf>): void {
    if (ended) return;
    ended = true;
    socket.offAny();
    socket.disconnect();
    for (const reject of [...waiting]) reject(new ParleyError('unavailable', `The connection ended: ${reason}.`));
    listener.closed(reason, refused);
  }
  socket.on('connect', () => listener.connected());
  socket.on('disconnect', (reason) => end(reason, null));
  socket.on('connect_error', (error: Error & { data?: unknown }) => end(error.message, errorBodyOf(error.data)));
  socket.onAny((name: string, payload: unknown) => listener.frame(name, payload));
  socket.connect();
  return {
    request: (name, payload, timeoutMs) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new ParleyError('unavailable', 'The connection has ended.'));
        const settle = () => {
          cancel();
          waiting.delete(refuse);
        };
        const refuse = (error: ParleyError) => {
          settle();
          reject(error);
        };
        const cancel = clock.after(timeoutMs, () => refuse(new ParleyError('unavailable', `No answer to ${name} within ${timeoutMs} ms.`)));
        waiting.add(refuse);
        socket.emit(name, payload, (answer: unknown) => {
          settle();
          resolve(answer);
        });
      }),
    send: (name, payload) => void (ended || socket.emit(name, payload)),
    close: () => end('closed by the client', null),
  };
}
