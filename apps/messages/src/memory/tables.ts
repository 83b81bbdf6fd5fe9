// The tables of the store in memory.
import { type Attachment, countsAsUnread, LIMITS, type StateChange } from '@parley/protocol';
import type { StoredResult } from '../decide/state.ts';
import type { DeadLetterRow, EventRow, MemberRow, RoomRow } from '../store/batch-write.ts';
import type { LogPosition } from '../store/store.ts';

export interface MessageRow {
  readonly room: string;
  readonly seq: number;
  readonly author: string;
  readonly client_id: string | null;
  readonly time: number;
  readonly msg_no: number;
  text: string | null;
  readonly reply_to: number | null;
  edited: number | null;
  deleted: boolean;
  reactions: Readonly<Record<string, readonly string[]>>;
  ver: number;
  attachments: readonly Attachment[] | null;
}

export interface RoomTables {
  row: RoomRow | null;
  readonly members: Map<string, MemberRow>;
  /** Index = seq - 1. */
  readonly events: EventRow[];
  readonly messages: Map<number, MessageRow>;
  readonly results: Map<string, StoredResult>;
}

export interface UserTables {
  ver: number;
  readonly state: Map<string, StateChange>;
}

export interface Tables {
  epoch: string | null;
  readonly positions: Map<string, Map<number, LogPosition>>;
  readonly partitionCounts: Map<string, number>;
  readonly rooms: Map<string, RoomTables>;
  /** Index = pos - 1. */
  readonly byPosition: Map<number, EventRow[]>;
  readonly deadLetters: DeadLetterRow[];
  /** Made when it is not there. */
  room(room: string): RoomTables;
  partition(partition: number): EventRow[];
  user(user: string): UserTables;
  /** The member's place, with the room's head; null when there is none now. */
  memberOf(room: string, user: string): (MemberRow & { readonly head: number }) | null;
  unread(room: string, user: string, mark: number): number;
}

const orMake = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
};

export function createTables(): Tables {
  const rooms = new Map<string, RoomTables>();
  const byPosition = new Map<number, EventRow[]>();
  const users = new Map<string, UserTables>();
  return {
    epoch: null,
    positions: new Map(),
    partitionCounts: new Map(),
    rooms,
    byPosition,
    deadLetters: [],
    room: (room) => orMake(rooms, room, () => ({ row: null, members: new Map(), events: [], messages: new Map(), results: new Map() })),
    partition: (partition) => orMake(byPosition, partition, () => []),
    user: (user) => orMake(users, user, () => ({ ver: 0, state: new Map() })),
    memberOf: (room, user) => {
      const tables = rooms.get(room);
      const member = tables?.members.get(user);
      return tables?.row && member && member.role !== null ? { ...member, head: tables.row.head } : null;
    },
    unread: (room, user, mark) => {
      let count = 0;
      for (const message of rooms.get(room)?.messages.values() ?? []) {
        if (countsAsUnread(message, user, mark)) count += 1;
        if (count >= LIMITS.unread) break;
      }
      return count;
    },
  };
}
