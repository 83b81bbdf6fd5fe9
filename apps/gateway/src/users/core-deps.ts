// What the core of a worker is given: ports, other services, and who watches it.
import type { Clock, EventLog, Feed, Presence, Rng } from '@parley/ports';
import type { AccessClaims, SessionEvent } from '@parley/protocol';
import type { InternalClient, Logger, TokenVerifier, Tracing } from '@parley/runtime';
import type { Codec } from '../client-socket.ts';
import type { GatewayConfig } from '../gateway-config.ts';
import type { LoopDelay } from '../load/event-loop.ts';
import type { Meter } from '../rooms/meter.ts';

/** The part of runtime's Revocations that the gateway needs. */
export interface CoreRevocations {
  isRevoked(claims: AccessClaims): boolean;
  /** Answers its own undo. */
  onRevoked(listener: (event: SessionEvent) => void): () => void;
}

export interface GatewayCoreDeps {
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
  readonly codec: Codec;
  /** Default: nothing is followed. */
  readonly tracing?: Tracing;
  /** Default: nobody counts. */
  readonly meter?: Meter;
  /** How late the event loop is. Default: never. */
  readonly loop?: LoopDelay;
}
