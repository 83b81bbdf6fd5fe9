// The gateway as a service: the core behind Socket.IO. It holds sockets and no truth: no database, nothing that may not be lost.
import type http from 'node:http';
import type { Service } from '@parley/runtime';
import { createGatewayCore, type GatewayCoreDeps, type GatewayStats } from './core.ts';
import { limitsOf } from './gateway-config.ts';
import { socketIoCodec } from './socket-io/event-frame.ts';
import { type SocketIoServer, serveSocketIo } from './socket-io/socket-io-server.ts';

export type GatewayDeps = Omit<GatewayCoreDeps, 'codec'>;

export interface Gateway extends Service {
  /** Serves Socket.IO on this server's upgrades, at /socket.io. Before start() and after stop() sockets are refused. */
  attach(server: http.Server): void;
  /** As the core's: `goodbyeMs` instead of the configured. */
  stop(goodbyeMs?: number): Promise<void>;
  problems(): readonly string[];
  stats(): GatewayStats;
}

/** Connections that have not said who they are yet, beside the sockets. */
const STRANGERS_MAX = 1_000;

/** The sockets of one worker. Needs messages for the rooms' truth; start() resolves also while messages is away. */
export function createGateway(deps: GatewayDeps): Gateway {
  const core = createGatewayCore({ ...deps, codec: socketIoCodec });
  const limits = limitsOf(deps.config);
  const servers: SocketIoServer[] = [];
  return {
    name: 'gateway',
    attach(server) {
      const { verifier, logger, clock } = deps;
      servers.push(serveSocketIo(server, { core, verifier, logger, clock, origins: limits.origins, connectionsMax: limits.worker.sockets + STRANGERS_MAX }));
    },
    start: () => core.start(),
    async stop(goodbyeMs) {
      await core.stop(goodbyeMs);
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
    problems: () => core.problems(),
    stats: () => core.stats(),
  };
}
