// The gateway as a service: the core behind Socket.IO. It holds sockets and no truth: no database, nothing that may not be lost.
import type http from 'node:http';
import type { Clock, EventLog, Feed, Presence, Rng } from '@parley/ports';
import type { InternalClient, Logger, Service, TokenVerifier } from '@parley/runtime';
import type { CoreRevocations } from './core.ts';
import type { GatewayConfig } from './gateway-config.ts';

export interface GatewayDeps {
  readonly log: EventLog;
  readonly feed: Feed;
  readonly presence: Presence;
  readonly internal: InternalClient;
  readonly verifier: TokenVerifier;
  readonly revocations: CoreRevocations;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly config: GatewayConfig;
}

export interface Gateway extends Service {
  /** Serves Socket.IO on this server's upgrades, at /socket.io. Before start() or after stop() sockets are refused. */
  attach(server: http.Server): void;
}

/** The sockets of one worker. */
export function createGateway(deps: GatewayDeps): Gateway {
  void deps;
  throw new Error('The gateway is being built.');
}
