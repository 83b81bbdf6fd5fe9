// Our own Socket.IO v5 server, over WebSocket alone, as the core's transport: default namespace, JSON, no deflate, no recovery of its own.
// It joins connections, who may have them, and the core; what frames mean is the core's.
import type http from 'node:http';
import type { Clock, Rng } from '@parley/ports';
import { type AccessClaims, type GatewayNode, LIMITS, ParleyError } from '@parley/protocol';
import type { Logger, TokenVerifier } from '@parley/runtime';
import type { Accepted, AckFn, ClientSocket } from '../client-socket.ts';
import type { GatewayCore } from '../core.ts';
import { type NodeAdapter, Nodes } from '../socket-io/nodes.ts';
import { serveEngine } from './engine-server.ts';
import { authenticateHandshake, isOriginAllowed } from './handshake.ts';
import { type SocketIoApp, SocketIoSocket } from './socket-io-socket.ts';

const PING_INTERVAL_MS = 8_000;
const PING_TIMEOUT_MS = 6_000;
const PREFIX_BYTES = 6;

export interface WireDeps {
  readonly core: GatewayCore;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly origins: readonly string[];
  /** Connections at once, whoever they are: a hard cap before anything is known of them. */
  readonly connectionsMax: number;
  /** Connections let in, evenly. */
  readonly perSecond: number;
  /** Where the workers meet. Default: nowhere, this is the only one. */
  readonly adapter?: NodeAdapter;
  /** What the others are told of this worker. */
  readonly own: () => GatewayNode;
}

export interface WireServer {
  /** The other workers. */
  others(): readonly GatewayNode[];
  /** Lets what was written go out, then cuts every connection that is left. The http server stays. */
  close(): Promise<void>;
}

export function serveWire(server: http.Server, deps: WireDeps): WireServer {
  const { clock, logger } = deps;
  const app = appOf(deps);
  const prefix = deps.rng.secret(PREFIX_BYTES);
  const engine = serveEngine(server, {
    clock,
    pingIntervalMs: PING_INTERVAL_MS,
    pingTimeoutMs: PING_TIMEOUT_MS,
    maxBytes: LIMITS.frameBytes,
    perSecond: deps.perSecond,
    refusal: (request, open) => {
      if (open >= deps.connectionsMax) return 'overloaded';
      return isOriginAllowed(request, deps.origins) ? null : 'origin_refused';
    },
    sidOf: (nr) => `e${prefix}${nr.toString(36)}`,
    opener: (engine) => {
      const shared = { ...engine, app, prefix };
      return (raw, nr) => new SocketIoSocket(raw, shared, nr);
    },
  });
  const nodes = deps.adapter === undefined ? null : new Nodes({ adapter: deps.adapter, clock, logger, own: deps.own });
  return {
    others: () => nodes?.list() ?? [],
    close: async () => {
      nodes?.stop();
      await engine.close();
      await nodes?.close();
    },
  };
}

const appOf = ({ core, verifier, logger }: WireDeps): SocketIoApp<Accepted, AccessClaims> => ({
  authenticate: (auth) => authenticateHandshake(auth, core, verifier),
  accept: (socket, claims) => {
    try {
      return core.accept(socket, claims);
    } catch (error) {
      // Between the check of the handshake and now the gateway began to drain, or the user's other sockets came first.
      sayBye(socket, error);
      return null;
    }
  },
  refusal: (error) => {
    if (!(error instanceof ParleyError)) logger.error({ err: error }, 'a handshake could not be answered');
    const body = bodyOf(error);
    return { message: body.message, data: body };
  },
  event: (accepted, [name, ...args], ack) => accepted.frame(String(name), args.length === 1 ? args[0] : undefined, ack ?? noAck),
  closed: (accepted) => accepted.closed(),
});

const noAck: AckFn = () => {};

const bodyOf = (error: unknown) => (error instanceof ParleyError ? error : new ParleyError('internal')).toBody();

function sayBye(socket: ClientSocket, error: unknown): void {
  const { code, message, retryAfterMs } = bodyOf(error);
  socket.emit('bye', { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  socket.close(false);
}
