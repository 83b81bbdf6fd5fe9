// The gateway as a service: the core behind Socket.IO. It holds sockets and no truth: no database, nothing that may not be lost.
import type http from 'node:http';
import { type GatewayNode, readGatewayStats } from '@parley/protocol';
import { answer, type Service } from '@parley/runtime';
import { createGatewayCore, type GatewayCore, type GatewayCoreDeps, type GatewayStats } from './core.ts';
import { limitsOf } from './gateway-config.ts';
import { createLoopDelay } from './load/event-loop.ts';
import type { NodeConnections } from './socket-io/nodes.ts';
import { socketIoCodec } from './wire/event-frame.ts';
import { serveWire, type WireServer } from './wire/wire-server.ts';

export interface GatewayDeps extends Omit<GatewayCoreDeps, 'codec'> {
  /** Where the gateway's workers meet, to tell each other what they carry. Default: nowhere, this is the only one. */
  readonly nodes?: NodeConnections;
}

export interface Gateway extends Service {
  /** Serves Socket.IO on this server's upgrades, at /socket.io. Before start() and after stop() sockets are refused. */
  attach(server: http.Server): void;
  /** As the core's: `goodbyeMs` instead of the configured. */
  stop(goodbyeMs?: number): Promise<void>;
  problems(): readonly string[];
  /** Does it take sockets? Not before it has reached messages once, nor when it drains. */
  serves(): boolean;
  stats(): GatewayStats;
  readonly ladder: GatewayCore['ladder'];
  /** All workers that are heard of, this one first. */
  nodes(): readonly GatewayNode[];
}

/** Connections that have not said who they are yet, beside the sockets. */
const STRANGERS_MAX = 1_000;

/** The sockets of one worker. Needs messages for the rooms' truth; start() resolves also while messages is away. */
export function createGateway(deps: GatewayDeps): Gateway {
  const core = createGatewayCore({ loop: createLoopDelay(), ...deps, codec: socketIoCodec });
  const limits = limitsOf(deps.config);
  const servers: WireServer[] = [];
  const worker = deps.rng.id();
  let draining = false;
  const own = (): GatewayNode => {
    const { sockets, users, rooms } = core.stats();
    return { worker, name: limits.name, sockets, users, rooms, draining };
  };
  const nodes = (): readonly GatewayNode[] => [own(), ...servers.flatMap((server) => server.others())];
  return {
    name: 'gateway',
    internal: [answer(readGatewayStats, async () => ({ nodes: [...nodes()] }))],
    attach(server) {
      const { verifier, logger, clock, rng } = deps;
      const connectionsMax = limits.worker.sockets + STRANGERS_MAX;
      const meeting = deps.nodes === undefined ? {} : { adapter: deps.nodes.adapter };
      const { perSecond } = limits.worker.admission;
      servers.push(serveWire(server, { core, verifier, logger, clock, rng, origins: limits.origins, connectionsMax, perSecond, own, ...meeting }));
    },
    start: () => core.start(),
    async stop(goodbyeMs) {
      draining = true;
      await core.stop(goodbyeMs);
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
    problems: () => core.problems(),
    load: () => core.stats().sockets,
    draining: () => draining,
    serves: () => core.serves(),
    stats: () => core.stats(),
    ladder: core.ladder,
    nodes,
  };
}
