// What the gateway's core counts, for whoever wants to know. It must cost next to nothing.
import type { HubStats } from './hub-deps.ts';

export interface Meter {
  /** A frame of a client was answered: `ok`, or a code of the error table. */
  frame(name: string, outcome: string): void;
  /** A `send` was answered after so long. */
  acked(outcome: string, ms: number): void;
  /** One flush of one room was written to so many sockets. */
  flushed(sockets: number): void;
}

export const NO_METER: Meter = { frame() {}, acked() {}, flushed() {} };

/** What one room cost this worker since it was opened here. */
export interface RoomCost {
  /** Events that it took. */
  events: number;
  /** Bytes that were handed to sockets in flushes. */
  bytes: number;
  /** Time that flushes of it took, us: the tick's, by the share of sockets. */
  flushUs: number;
}

/** As it stands now. */
export interface GatewayStats extends HubStats {
  readonly sockets: number;
  readonly users: number;
  readonly rooms: number;
  readonly flushes: number;
  /** Those of them that waited for company. */
  readonly waited: number;
  readonly stalled: number;
  /** How long events wait to be written together. */
  readonly windowMs: number;
  readonly states: Readonly<Record<'new' | 'resumed' | 'stalled' | 'leaving', number>>;
}
