// What a hub needs from its worker.
import type { Clock } from '@parley/ports';
import type { AnyRoomEvent } from '@parley/protocol';
import type { Logger, Tracing } from '@parley/runtime';
import type { Codec } from '../client-socket.ts';
import type { WorkerLimits } from '../gateway-config.ts';
import type { Session } from '../session.ts';
import type { Flusher } from './flush.ts';
import type { Hub } from './hub.ts';
import type { Meter } from './meter.ts';
import type { Pages } from './pages.ts';

/** Frames of rooms are kept for sockets that come back for at most this long. */
export const RING_AGE_MS = 60_000;

/** A right as messages told it, and the head at that time. */
export interface RightNow {
  readonly joinSeq: number;
  readonly floor: number;
  readonly head: number;
}

/** Counted over all rooms of the worker. */
export interface HubStats {
  /** Events handed to sockets. */
  events: number;
  /** Times that a socket fell behind in a room. */
  behind: number;
  resets: number;
}

export interface HubDeps {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly pages: Pages;
  readonly flusher: Flusher;
  readonly limits: WorkerLimits;
  readonly ringAgeMs: number;
  readonly stats: HubStats;
  readonly meter: Meter;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** This worker's name, for traces. */
  readonly worker: string;
  readonly epoch: () => string;
  /** The room's head by messages. */
  readonly headOf: (room: string) => Promise<number>;
  /** Events with seq > after, from the feed's tail; null when it has them not. */
  readonly tail: (room: string, after: number) => Promise<readonly unknown[] | null>;
  /** Events with seq > after, and the head, from messages. */
  readonly read: (room: string, after: number) => Promise<{ readonly head: number; readonly events: readonly AnyRoomEvent[] }>;
  /** The member's right now, null when it is none. */
  readonly rightOf: (session: Session, room: string) => Promise<RightNow | null>;
  readonly onLost: () => void;
  readonly onNow: (hub: Hub, payload: unknown) => void;
  /** Somebody of this worker may have joined the room. */
  readonly onJoined: (hub: Hub, user: string, seq: number) => void;
  readonly onEmpty: (hub: Hub) => void;
}

/** Waits on the worker's clock; such a wait alone keeps nothing alive. */
export const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
