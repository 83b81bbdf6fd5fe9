// One commit as data: every row that a batch touches, once. Short names on purpose where they are the keys of the JSON that crosses to
// Postgres; the migration's commit_batch reads exactly these.
import type { Role } from '@parley/protocol';

export interface PartitionWrite {
  readonly partition: number;
  /** The offset that this owner believes is next: the compare of the compare-and-set. */
  readonly expected: number;
  readonly next: number;
  readonly pos: number;
  readonly published: number;
  readonly relayed: number;
}

export interface EventRow {
  readonly room: string;
  readonly seq: number;
  readonly partition: number;
  readonly pos: number;
  readonly type: string;
  readonly author: string;
  readonly client_id: string | null;
  /** Of the command that it came of: its result (committed, seq) is stored with it. null: a change of rooms, which has no client id. */
  readonly hash: string | null;
  readonly time: number;
  readonly msg_no: number;
  /** Replaced, never changed in place, when a later command of the batch redacts it. */
  body: Readonly<Record<string, unknown>>;
  readonly mver: number | null;
  /** The message that the event is about, when it is not the event itself. */
  readonly target: number | null;
}

export interface RoomRow {
  readonly room: string;
  readonly partition: number;
  readonly head: number;
  readonly msg_no: number;
  readonly mver: number;
  readonly kind: string;
  readonly name: string | null;
  readonly topic: string;
  readonly visibility: string;
  readonly history: string;
  readonly archived: boolean;
  readonly member_count: number;
  readonly last_message_at: number | null;
}

export interface MemberRow {
  readonly room: string;
  readonly user_id: string;
  readonly role: Role | null;
  readonly floor: number;
  readonly join_seq: number;
}

/** The head of a room of which nothing else has changed. */
export interface HeadRow {
  readonly room: string;
  readonly head: number;
  readonly msg_no: number;
  readonly last_message_at: number | null;
}

/** A change of a message, also of one that the same batch has posted: as it stands after the batch. `set_text` false: the text stays. */
export interface MessageUpdate {
  readonly room: string;
  readonly seq: number;
  set_text: boolean;
  text: string | null;
  edited: number | null;
  deleted: boolean;
  reactions: Readonly<Record<string, readonly string[]>>;
  ver: number;
}

export interface ResultRow {
  readonly room: string;
  readonly author: string;
  readonly client_id: string;
  readonly hash: string;
  readonly status: 'committed' | 'rejected';
  readonly seq: number | null;
  readonly code: string | null;
}

export interface UserStateRow {
  readonly u: string;
  readonly k: string;
  /** null: a tombstone. A `read:` value keeps the counter `n` that is stored. */
  readonly v: unknown;
  /** How many changes of this user follow in this commit: ver = the user's new head - o. */
  readonly o: number;
}

export interface DeadLetterRow {
  readonly partition: number;
  readonly offset: number;
  /** base64. */
  readonly bytes: string;
  readonly reason: string;
}

export interface BatchWrite {
  readonly topic: string;
  readonly logId: string;
  readonly partitions: readonly PartitionWrite[];
  /** A message.posted is also the message's first row. */
  readonly events: readonly EventRow[];
  /** Rooms of which rooms changed something. */
  readonly rooms: readonly RoomRow[];
  /** All others that have events here. */
  readonly heads: readonly HeadRow[];
  readonly members: readonly MemberRow[];
  readonly updates: readonly MessageUpdate[];
  /** Messages that were there before the batch and lose their text, and that of their edits. */
  readonly redactions: readonly { readonly room: string; readonly target: number }[];
  /** Results that no event carries: rejections, and what was so already. */
  readonly results: readonly ResultRow[];
  readonly users: readonly UserStateRow[];
  readonly deadLetters: readonly DeadLetterRow[];
}
