// Socket.IO v5 over k6's WebSocket: the framing that k6 does not have. `0` open, `40{auth}` connect, `42[..]` event, `43N[..]` ack, 2/3 ping.
// Runs in k6 only (1.8 and 2.x): no Node, no TextEncoder, no URL, no performance.

import type { Ack, ClientFrame, ClientFrameName, PresenceList, ResumeAnswer, ServerFrame, ServerFrameName } from '@parley/protocol';
import { WebSocket } from 'k6/websockets';

/** What the ack of each frame says, if it says more than `ok`. */
interface Answers {
  resume: ResumeAnswer;
  send: { status?: string };
  watch: { presence: PresenceList };
}
type AnswerOf<N> = Ack<N extends keyof Answers ? Answers[N] : object>;

export interface SioHandlers {
  /** The server took the handshake. */
  readonly connected: () => void;
  readonly frames: { readonly [N in ServerFrameName]?: (payload: ServerFrame<N>) => void };
  /** The handshake was refused, or the socket closed. Called once. */
  readonly closed: (reason: string) => void;
}

export interface Sio {
  emit<N extends ClientFrameName>(name: N, payload: ClientFrame<N>, ack?: (answer: AnswerOf<N>) => void): void;
  /** Closes without a word to the server; `closed` is called when it is. */
  close(): void;
}

type Packet = [name: ServerFrameName, payload: never];

/** Members of one room get the same text: it is parsed once for all sockets of a VU. Payloads are shared, so nobody may change one. */
const parsed = new Map<string, Packet>();
const PARSED_MOST = 64;

function parse(text: string): Packet {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const packet = JSON.parse(text) as Packet;
  const [oldest] = parsed.keys();
  if (parsed.size >= PARSED_MOST && oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, packet);
  return packet;
}

/** `url`: http://host:port of a gateway. Opens the socket, signs in with the token, answers pings. */
export function connectSio(url: string, token: string, handlers: SioHandlers): Sio {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, null, { tags: { name: 'socket' } });
  const acks = new Map<number, (answer: never) => void>();
  let nextAck = 1;
  let closed = false;
  const end = (reason: string): void => {
    if (closed) return;
    closed = true;
    acks.clear();
    handlers.closed(reason);
  };
  const event = (text: string): void => {
    const [name, payload] = parse(text);
    handlers.frames[name]?.(payload);
  };
  const ack = (text: string): void => {
    const start = text.indexOf('[');
    const id = Number(text.slice(0, start));
    const done = acks.get(id);
    acks.delete(id);
    done?.((JSON.parse(text.slice(start)) as [never])[0]);
  };
  socket.onmessage = (message?: { data: unknown }) => {
    if (closed) return;
    const text = String(message?.data);
    if (text.startsWith('42')) event(text.slice(2));
    else if (text.startsWith('43')) ack(text.slice(2));
    else if (text === '2') socket.send('3');
    else if (text.startsWith('40')) handlers.connected();
    else if (text.startsWith('44')) {
      end(text.slice(2));
      socket.close();
    } else if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token, protocol: 1, client: 'k6' })}`);
  };
  socket.onclose = () => end('closed');
  socket.onerror = (error?: { error?: string }) => end(error?.error ?? 'error');
  return {
    emit(name, payload, done) {
      if (closed) return;
      const body = JSON.stringify([name, payload]);
      if (done === undefined) return socket.send(`42${body}`);
      const id = nextAck++;
      acks.set(id, done);
      socket.send(`42${id}${body}`);
    },
    close: () => socket.close(),
  };
}
