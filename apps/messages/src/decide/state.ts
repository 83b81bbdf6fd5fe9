// What decisions are made on: the part of each room that one batch names, loaded once and carried forward in memory.
// Plain data. It never holds more than the batch asked for: "absent" here means "absent in the database" only for what was asked.
import type { ErrorCode, History, Role, RoomKind, Visibility } from '@parley/protocol';

/** A person's place in a room. `role` null: they were a member once; the row stays. */
export interface Membership {
  readonly role: Role | null;
  readonly floor: number;
  readonly joinSeq: number;
}

/** The one durable outcome of a command. `hash`: of what was asked, so that a client id with another body is noticed. */
export interface StoredResult {
  readonly hash: string;
  readonly status: 'committed' | 'rejected';
  readonly seq: number | null;
  readonly code: ErrorCode | null;
}

export type Reactions = Readonly<Record<string, readonly string[]>>;

/** A message as far as decisions need it. `ver` is the seq of its last change. */
export interface MessageState {
  readonly seq: number;
  readonly author: string;
  readonly deleted: boolean;
  readonly edited: number | null;
  readonly reactions: Reactions;
  readonly ver: number;
}

/** The room's own row. A room that does not exist has `exists: false`, head 0 and mver 0. */
export interface RoomHead {
  readonly exists: boolean;
  readonly head: number;
  readonly msgNo: number;
  readonly mver: number;
  readonly kind: RoomKind;
  readonly name: string | null;
  readonly topic: string;
  readonly visibility: Visibility;
  readonly history: History;
  readonly archived: boolean;
  readonly memberCount: number;
  readonly lastMessageAt: number | null;
}

export interface RoomState {
  readonly room: string;
  head: RoomHead;
  readonly members: Map<string, Membership>;
  readonly messages: Map<number, MessageState>;
  /** By `resultKey`. */
  readonly results: Map<string, StoredResult>;
}

export const NO_ROOM: RoomHead = {
  exists: false,
  head: 0,
  msgNo: 0,
  mver: 0,
  kind: 'group',
  name: null,
  topic: '',
  visibility: 'private',
  history: 'all',
  archived: false,
  memberCount: 0,
  lastMessageAt: null,
};

export const emptyRoom = (room: string): RoomState => ({ room, head: NO_ROOM, members: new Map(), messages: new Map(), results: new Map() });

export const resultKey = (author: string, clientId: string): string => `${author}/${clientId}`;
