// What can come of a command. Exactly one of these for each, always.
import type { ErrorCode, RoomEvent } from '@parley/protocol';
import type { StoredResult } from './state.ts';

export type Decision =
  /** A new event; for a member's command its result is stored with it. */
  | { readonly kind: 'event'; readonly event: RoomEvent; readonly mver: number | null; readonly result: StoredResult | null }
  /** A new result without an event: a rejection, or an idempotent change that was there already (committed, seq = the message's ver). */
  | { readonly kind: 'result'; readonly result: StoredResult }
  /** Decided before: the stored result is told again. */
  | { readonly kind: 'duplicate'; readonly result: StoredResult }
  /** The client id was used with another body: told, and nothing is stored, because the first body's result keeps the id. */
  | { readonly kind: 'reused' }
  /** A change of rooms that was applied before. */
  | { readonly kind: 'dropped' }
  /** A change of rooms whose predecessor is missing; `after` is the last one applied. */
  | { readonly kind: 'gap'; readonly after: number }
  /** Nothing can be told to anybody: the record names no room, author and client id. */
  | { readonly kind: 'dead' };

export const committed = (hash: string, seq: number): StoredResult => ({ hash, status: 'committed', seq, code: null });
export const rejected = (hash: string, code: ErrorCode): Decision => ({ kind: 'result', result: { hash, status: 'rejected', seq: null, code } });
