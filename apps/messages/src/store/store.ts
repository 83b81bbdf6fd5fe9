// What messages keeps, in words that are no database's: the worker, the publisher, the relay and the reads need nothing else.
// Two stores hold to one suite: Postgres (store-sql.ts) and memory (../memory/store.ts).
import type { CommittedEvent, Member, Message, MyChanges, Right, RoomEvent, RoomSummary, StateChange, ToTell, ToTellItem } from '@parley/protocol';
import type { RoomState, StoredResult } from '../decide/state.ts';
import type { BatchWrite } from './batch-write.ts';

/** Where one partition of `room.command` stands. `pos` is dense over the partition's events. */
export interface LogPosition {
  readonly partition: number;
  readonly logId: string;
  /** Offset of the next command to decide. */
  readonly next: number;
  readonly pos: number;
  readonly published: number;
  readonly relayed: number;
}

/** What the commands of one batch need to be decided. */
export interface LoadRequest {
  readonly rooms: readonly string[];
  /** Who asked what where: their membership, and the earlier result of the client id. */
  readonly asked: readonly { readonly r: string; readonly a: string; readonly c: string }[];
  /** Memberships beside those. */
  readonly members: readonly { readonly r: string; readonly u: string }[];
  readonly messages: readonly { readonly r: string; readonly s: number }[];
  /** Messages that imported replies point to, by their client ids; their results are loaded too. */
  readonly replies: readonly { readonly r: string; readonly a: string; readonly c: string }[];
}

export interface UserChanges {
  readonly user: string;
  readonly changes: StateChange[];
}

export type CommitOutcome = { readonly status: 'ok'; readonly users: readonly UserChanges[] } | { readonly status: 'fenced' };

export interface UserMark {
  readonly user: string;
  readonly room: string;
  readonly seq: number;
  readonly n: number;
}

/** Everything but the epoch, which is the installation's. */
export type Summary = Omit<RoomSummary, 'epoch'>;

export interface RoomView {
  readonly room: Summary;
  readonly members: readonly Member[];
  readonly messages: readonly Message[];
  readonly notices: readonly RoomEvent[];
}

export interface Store {
  /** Connects and answers the installation's epoch; `freshEpoch` becomes it when the store is new. */
  open(freshEpoch: string): Promise<{ readonly epoch: string }>;
  close(): Promise<void>;

  positions(topic: string): Promise<readonly LogPosition[]>;
  /** First start on these partitions: remembers where to begin, and how many partitions the topic has. Positions already there stay. */
  adopt(topic: string, logId: string, partitionCount: number, from: readonly { readonly partition: number; readonly next: number }[]): Promise<void>;
  /** How many partitions the topic had when it was first adopted; null before that. */
  partitionCount(topic: string): Promise<number | null>;

  load(request: LoadRequest): Promise<Map<string, RoomState>>;
  /** All or nothing, behind a compare-and-set of every partition's (log, next). Throws DataError when a value cannot be stored. */
  commit(write: BatchWrite): Promise<CommitOutcome>;
  /** Moves published and relayed positions forward, never back. */
  advance(topic: string, positions: readonly { readonly partition: number; readonly published: number; readonly relayed: number }[]): Promise<void>;
  /** Events of the partition with pos in (after, upTo], in order, at most `limit`. */
  committed(partition: number, after: number, upTo: number, limit: number): Promise<readonly CommittedEvent[]>;

  /** Rights and changed state of many users in one statement, in the order of the items. */
  sync(
    items: readonly { readonly user: string; readonly me: number | null }[],
  ): Promise<readonly { readonly me: MyChanges; readonly rights: readonly Right[] }[]>;
  /** Positions of all partitions, and heads of rooms that changed after `since` (of partitions that it names). */
  headsSince(since: Readonly<Record<string, number>>): Promise<{ readonly positions: Record<string, number>; readonly heads: Record<string, number> }>;
  heads(rooms: readonly string[]): Promise<Record<string, number>>;
  events(room: string, after: number, limit: number): Promise<{ readonly head: number; readonly events: readonly RoomEvent[] }>;
  /** What may be told of these messages to these people, in the order of the items. */
  toTell(items: readonly ToTellItem[]): Promise<readonly ToTell[]>;
  results(room: string, asked: readonly { readonly author: string; readonly clientId: string }[]): Promise<readonly StoredResult[]>;

  /** A mark with a smaller or equal n is ignored, and one of somebody who is no member. */
  markRead(marks: readonly UserMark[]): Promise<readonly UserChanges[]>;
  putState(user: string, key: string, value: unknown): Promise<StateChange>;
  /** The present values of these keys, in ver order per user; what is not there is left out. */
  stateOf(wanted: readonly { readonly user: string; readonly key: string }[]): Promise<readonly UserChanges[]>;

  /** null: no such room, or not a member. */
  right(user: string, room: string): Promise<Right | null>;
  /** The rooms of the user as they stand; null: all of them. */
  roomSummaries(user: string, rooms: readonly string[] | null): Promise<readonly Summary[]>;
  /** Seqs of messages and notices in (after, before), ascending: the first `limit` of them, or the last ones. */
  items(room: string, after: number, before: number, limit: number, from: 'start' | 'end'): Promise<readonly number[]>;
  /** One consistent view: the room at its head with what stands in (from, to], not before the member's floor. `to` null: the head. Without members the list is empty. */
  roomView(user: string, room: string, from: number, to: number | null, withMembers: boolean): Promise<RoomView | null>;
  /** Messages of the author that are not deleted, at most `limit` of them; `active`: a room that is not archived still has them as a member. */
  authored(author: string, limit: number): Promise<{ readonly messages: readonly { readonly room: string; readonly seq: number }[]; readonly active: boolean }>;
  /** Drops what is kept of the user beside their rooms: marks, mutes, drafts, preferences. */
  forgetUser(user: string): Promise<void>;

  members(user: string, room: string, after: string | null, limit: number): Promise<{ readonly at: number; readonly members: readonly Member[] } | null>;
}

/** The data itself cannot be stored (SQLSTATE class 22 or 23): trying again cannot help, leaving it out can. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
