// The server that the public protocol suites ask for: it sends back what it gets. The protocol is the gateway's own; only the app is not.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '@parley/ports';
import { type EngineServerDeps, serveEngine } from '../../src/wire/engine-server.ts';
import { EngineSocket } from '../../src/wire/engine-socket.ts';
import { textFrame } from '../../src/wire/frames.ts';
import { type SocketIoApp, SocketIoSocket } from '../../src/wire/socket-io-socket.ts';

export const PING_INTERVAL = 300;
export const PING_TIMEOUT = 200;
export const MAX_PAYLOAD = 1_000_000;

/** What a suite's server needs to be reached and ended. */
export interface EchoServer {
  /** Of HTTP and, with ws for http, of WebSockets. */
  readonly url: string;
  stop(): Promise<void>;
}

class EngineEcho extends EngineSocket {
  protected override message(data: string | Buffer): void {
    this.write(typeof data === 'string' ? textFrame(`4${data}`) : Buffer.concat([Uint8Array.of(0x82, data.length), data]));
  }
  protected override gone(): void {}
  protected override mayStay(): boolean {
    return true;
  }
}

const socketIoEcho: SocketIoApp<SocketIoSocket<unknown, unknown>, unknown> = {
  authenticate: async (auth) => auth,
  accept: (socket, auth) => {
    socket.emit('auth' as never, auth as never);
    return socket as SocketIoSocket<unknown, unknown>;
  },
  refusal: () => ({ message: 'refused' }),
  event: (socket, [name, ...args], ack) => {
    if (name === 'message') socket.write(textFrame(`42${JSON.stringify(['message-back', ...args])}`));
    if (name === 'message-with-ack') ack?.(...args);
  },
  closed: () => {},
};

const startEcho = async (opener: EngineServerDeps['opener']): Promise<EchoServer> => {
  const server = http.createServer();
  const engine = serveEngine(server, {
    clock: systemClock,
    pingIntervalMs: PING_INTERVAL,
    pingTimeoutMs: PING_TIMEOUT,
    maxBytes: MAX_PAYLOAD,
    perSecond: 10_000,
    refusal: () => null,
    sidOf: (nr) => `s${nr}`,
    opener,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/socket.io/`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await engine.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

export const startEngineEcho = (): Promise<EchoServer> => startEcho((shared) => (raw) => new EngineEcho(raw, shared));

export const startSocketIoEcho = (): Promise<EchoServer> =>
  startEcho((engine) => {
    const shared = { ...engine, app: socketIoEcho, prefix: 'e' };
    return (raw: Socket, nr) => new SocketIoSocket(raw, shared, nr);
  });

/** A plain WebSocket whose messages wait until they are asked for. */
export class Wire {
  readonly socket: WebSocket;
  /** Resolves with its close code, however it ended. */
  readonly closed: Promise<number>;
  private readonly messages: (string | ArrayBuffer)[] = [];
  private wake: (() => void) | null = null;

  constructor(url: string, query = 'EIO=4&transport=websocket') {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}?${query}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.messages.push(data);
      this.wake?.();
    });
    this.closed = new Promise((resolve) => this.socket.addEventListener('close', ({ code }) => resolve(code)));
  }

  send(data: string | ArrayBufferView<ArrayBuffer>): void {
    this.socket.send(data);
  }

  /** The next message that is no ping. */
  async next(): Promise<string | ArrayBuffer> {
    const message = await this.nextOfAll();
    return message === '2' ? this.next() : message;
  }

  async nextOfAll(): Promise<string | ArrayBuffer> {
    while (this.messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.messages.shift() as string | ArrayBuffer;
  }
}
