// Socket.IO v5 over WebSocket as the core's transport: default namespace, JSON, no deflate, no recovery of its own.
// It knows packets and connections; what they mean is the core's.
import type { EventEmitter } from 'node:events';
import type http from 'node:http';
import type { Clock } from '@parley/ports';
import { type AccessClaims, type GatewayNode, LIMITS, ParleyError } from '@parley/protocol';
import type { Logger, TokenVerifier } from '@parley/runtime';
import { Server, type Socket } from 'socket.io';
import { Encoder } from 'socket.io-parser';
import type { AckFn } from '../client-socket.ts';
import type { GatewayCore } from '../core.ts';
import { pause } from '../rooms/hub-deps.ts';
import { EngineSocket } from './engine-socket.ts';
import { authenticateHandshake, isOriginAllowed } from './handshake.ts';
import { type NodeAdapter, Nodes } from './nodes.ts';
import { StrictDecoder } from './strict-decoder.ts';

const PING_INTERVAL_MS = 8_000;
const PING_TIMEOUT_MS = 6_000;
/** A connection that does not say who it is in this time is closed. */
const CONNECT_MS = 10_000;
/** A client that closes its side in this time gets all that was written to it. */
const LAST_BYTES_MS = 1_000;

export interface SocketIoDeps {
  readonly core: GatewayCore;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly origins: readonly string[];
  /** Connections at once, whoever they are: a hard cap before anything is known of them. */
  readonly connectionsMax: number;
  /** Where the workers meet. Default: nowhere, this is the only one. */
  readonly adapter?: NodeAdapter;
  /** What the others are told of this worker. */
  readonly own: () => GatewayNode;
}

export interface SocketIoServer {
  /** The other workers. */
  others(): readonly GatewayNode[];
  /** Lets what was written go out, then cuts every connection that is left. The http server stays. */
  close(): Promise<void>;
}

export function serveSocketIo(server: http.Server, deps: SocketIoDeps): SocketIoServer {
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.frameBytes,
    serveClient: false,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    connectTimeout: CONNECT_MS,
    parser: { Encoder, Decoder: StrictDecoder },
    ...(deps.adapter === undefined ? {} : { adapter: deps.adapter }),
    allowRequest: (request, answer) => {
      if (io.engine.clientsCount >= deps.connectionsMax) return answer('overloaded', false);
      if (!isOriginAllowed(request, deps.origins)) return answer('origin_refused', false);
      answer(null, true);
    },
  });
  io.engine.on('connection', forgetRequest);
  io.use((socket, next) => {
    authenticateHandshake(socket.handshake.auth, deps.core, deps.verifier).then(
      (claims) => {
        socket.data = claims;
        next();
      },
      (error: unknown) => refuse(socket, error, deps.logger, next),
    );
  });
  io.on('connection', (socket) => accept(socket, deps));
  const nodes = deps.adapter === undefined ? null : new Nodes({ io, clock: deps.clock, logger: deps.logger, own: deps.own });
  return {
    others: () => nodes?.list() ?? [],
    close: async () => {
      nodes?.stop();
      await closeEngine(io.engine as unknown as Engine, deps.clock);
      if (deps.adapter !== undefined) await io.of('/').adapter.close();
    },
  };
}

/** What we use of engine.io's server and sockets. */
interface Engine {
  readonly clients: Readonly<Record<string, EventEmitter & { readonly transport: { readonly socket?: { terminate(): void } } }>>;
  close(): unknown;
}

async function closeEngine(engine: Engine, clock: Clock): Promise<void> {
  const left = Object.values(engine.clients);
  const allClosed = Promise.all(left.map((client) => new Promise((resolve) => client.once('close', resolve))));
  await Promise.race([allClosed, pause(clock, LAST_BYTES_MS)]);
  for (const client of Object.values(engine.clients)) client.transport.socket?.terminate();
  engine.close();
}

/** The upgrade request holds headers and buffers that nobody reads again. */
function forgetRequest(connection: { request: unknown; transport: { req?: unknown } }): void {
  connection.request = null;
  connection.transport.req = null;
}

function refuse(socket: Socket, error: unknown, logger: Logger, next: (error: Error) => void): void {
  if (!(error instanceof ParleyError)) logger.error({ err: error }, 'a handshake could not be answered');
  const body = (error instanceof ParleyError ? error : new ParleyError('internal')).toBody();
  next(Object.assign(new Error(body.message), { data: body }));
  // The refusal is written in the next tick; then the connection has no use.
  setImmediate(() => socket.conn.close());
}

function accept(socket: Socket, deps: SocketIoDeps): void {
  const link = new EngineSocket(socket);
  // Holds the token and the headers.
  (socket as { handshake: unknown }).handshake = null;
  try {
    const accepted = deps.core.accept(link, socket.data as AccessClaims);
    socket.data = null;
    socket.onAny((name: unknown, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === 'function' ? (args.pop() as AckFn) : noAck;
      accepted.frame(String(name), args.length === 1 ? args[0] : undefined, ack);
    });
    socket.on('disconnect', () => {
      accepted.closed();
      // Who leaves the namespace keeps the connection otherwise, and no limit per person counts it any more.
      socket.conn.close();
    });
  } catch (error) {
    // Between the check of the handshake and now the gateway began to drain, or the user's other sockets came first.
    const body = (error instanceof ParleyError ? error : new ParleyError('internal')).toBody();
    link.emit('bye', { code: body.code, message: body.message, ...(body.retryAfterMs === undefined ? {} : { retryAfterMs: body.retryAfterMs }) });
    link.close(false);
  }
}

const noAck: AckFn = () => {};
