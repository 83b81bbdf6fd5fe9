// Socket.IO v5 over k6's WebSocket: the framing that k6 does not have. `0` open, `40{auth}` connect, `42[..]` event, `43N[..]` ack, 2/3 ping.
// Runs in k6 only (1.8 and 2.x): no Node, no TextEncoder, no URL, no performance.
import { WebSocket } from 'k6/websockets';

/** A server frame or an ack as it came: check what you use. */
export type Json = Record<string, unknown>;

export interface SioHandlers {
  /** The server took the handshake. */
  connected: () => void;
  /** One server frame: event name and payload. */
  frame: (name: string, payload: Json) => void;
  /** The handshake was refused, or the socket closed. */
  closed: (reason: string) => void;
}

export interface Sio {
  emit(name: string, payload: unknown, ack?: (answer: Json) => void): void;
  close(): void;
}

/** `url`: http://host:port of Parley. Opens the socket, signs in with the token, answers pings. */
export function connectSio(url: string, token: string, handlers: SioHandlers): Sio {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const acks: Record<number, (answer: Json) => void> = {};
  let nextAck = 1;
  let closed = false;
  const end = (reason: string): void => {
    if (closed) return;
    closed = true;
    handlers.closed(reason);
  };
  const event = (text: string): void => {
    const [name, payload] = JSON.parse(text);
    handlers.frame(name, payload);
  };
  const ack = (text: string): void => {
    const start = text.indexOf('[');
    const id = Number(text.slice(0, start));
    const done = acks[id];
    delete acks[id];
    if (done !== undefined) done(JSON.parse(text.slice(start))[0]);
  };
  socket.onmessage = (message?: { data: unknown }) => {
    const text = String(message?.data);
    if (text === '2') socket.send('3');
    else if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token, protocol: 1, client: 'k6' })}`);
    else if (text.startsWith('40')) handlers.connected();
    else if (text.startsWith('42')) event(text.slice(2));
    else if (text.startsWith('43')) ack(text.slice(2));
    else if (text.startsWith('44')) end(text.slice(2));
  };
  socket.onclose = () => end('closed');
  socket.onerror = (error?: { error?: string }) => end(error?.error ?? 'error');
  return {
    emit(name, payload, done) {
      if (closed) return;
      if (done === undefined) return socket.send(`42${JSON.stringify([name, payload])}`);
      const id = nextAck++;
      acks[id] = done;
      socket.send(`42${id}${JSON.stringify([name, payload])}`);
    },
    close: () => socket.close(),
  };
}
