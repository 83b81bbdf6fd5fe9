// A service: what it serves and how it lives. One process runs one of them, or all; it cannot tell which.
import type { FastifyInstance } from 'fastify';
import type { InternalHandler } from './internal/calls.ts';

export interface Service {
  readonly name: string;
  /** Public HTTP routes, all below /api (or /.well-known). Auth by `authenticate` of auth.ts. */
  routes?(app: FastifyInstance): void | Promise<void>;
  /** What other services may call. */
  readonly internal?: readonly InternalHandler[];
  /** Resolves when it can serve. Services start in the order given to `run` and stop in reverse. */
  start(): Promise<void>;
  /** Finishes what is in hand, then lets go of everything. Idempotent. */
  stop(): Promise<void>;
  /** What is wrong now, in words an operator understands; [] when all is well. Degraded is not unready. */
  problems?(): readonly string[];
  /** How much it carries now (a gateway: its sockets), for who spreads the load. */
  load?(): number;
  /** Does it send its callers elsewhere already? Then it is not ready. */
  draining?(): boolean;
}
