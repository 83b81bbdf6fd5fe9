// The history that the checker judges: one JSON object a line, every operation and every frame that each client got, and what the
// server holds at the end. Replay, journeys, simulation and fault runs all write this and nothing else.
import type { AnyRoomEvent, Member, Message, ReadStateValue } from '@parley/protocol';
import type { Observation } from '@parley/sdk';

/** What one client (one signed-in SDK instance) did or saw. `t`: monotonic ms on one clock for the whole history. */
export interface ObservationRecord {
  readonly t: number;
  readonly client: string;
  readonly user: string;
  readonly saw: Observation;
}

/** A client's view of a room when everything has come to rest (after heal, all connected, all caught up). */
export interface FinalViewRecord {
  readonly final: 'view';
  readonly client: string;
  readonly user: string;
  readonly room: string;
  readonly seq: number;
  readonly messages: readonly Message[];
  /** The run of messages begins after this seq. */
  readonly from: number;
  readonly read: ReadStateValue;
}

/** The whole log of a room as the server holds it at the end, and its members by the server's own projection. */
export interface FinalRoomRecord {
  readonly final: 'room';
  readonly room: string;
  readonly history: 'all' | 'since_join';
  /** The log begins after this seq, when the one who read it may not see what was before; default 0. */
  readonly from?: number;
  readonly events: readonly AnyRoomEvent[];
  readonly members: readonly Member[];
}

/**
 * Optional: somebody asked that `user` join `room`, written before the asking. With it, an event of the time between two stays that
 * reaches the user before the second stay was even asked for is a leak also in rooms whose history is open to members.
 */
export interface JoinAskedRecord {
  readonly t: number;
  readonly asked: 'join';
  readonly room: string;
  readonly user: string;
}

/** A client's final unread per room is judged by recounting over the final room's events. */
export type HistoryRecord = ObservationRecord | FinalViewRecord | FinalRoomRecord | JoinAskedRecord;
