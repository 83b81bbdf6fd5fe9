// The store in memory: the twin of the one on Postgres, held to the same suite. For the simulation and tests; it forgets at close, and
// everything in it happens at once, so every answer is one moment.
import type { Attachment, CommittedEvent, StateChange } from '@parley/protocol';
import { toCommitted } from '../decide/batch.ts';
import { redactedBody } from '../decide/room-batch.ts';
import { emptyRoom, type RoomState, resultKey } from '../decide/state.ts';
import type { BatchWrite, EventRow, MessageUpdate, UserStateRow } from '../store/batch-write.ts';
import { DataError, type LogPosition, type Store, type UserChanges } from '../store/store.ts';
import { createMemoryReads } from './reads.ts';
import { createTables, type MessageRow, type RoomTables, type Tables } from './tables.ts';
import { createMemoryToTell } from './to-tell.ts';

/** A fresh, empty store. Two cores over one store are two owners, as over one database. */
export function createMemoryStore(): Store {
  const tables = createTables();
  return { ...createMemoryLog(tables), ...createMemoryUsers(tables), ...createMemoryReads(tables), ...createMemoryToTell(tables) };
}

type Part<K extends keyof Store> = Pick<Store, K>;

const createMemoryLog = (tables: Tables): Part<'open' | 'close' | 'positions' | 'adopt' | 'partitionCount' | 'load' | 'commit' | 'advance' | 'committed'> => ({
  async open(freshEpoch) {
    tables.epoch ??= freshEpoch;
    return { epoch: tables.epoch };
  },
  async close() {},
  positions: async (topic) => [...(tables.positions.get(topic)?.values() ?? [])].sort((a, b) => a.partition - b.partition),
  async adopt(topic, logId, partitionCount, from) {
    if (!tables.partitionCounts.has(topic)) tables.partitionCounts.set(topic, partitionCount);
    const known = tables.positions.get(topic) ?? new Map<number, LogPosition>();
    tables.positions.set(topic, known);
    for (const { partition, next } of from) {
      if (!known.has(partition)) known.set(partition, { partition, logId, next, pos: 0, published: 0, relayed: 0 });
    }
  },
  partitionCount: async (topic) => tables.partitionCounts.get(topic) ?? null,

  async load(request) {
    const state = new Map(request.rooms.map((room) => [room, emptyRoom(room)]));
    const of = (room: string): RoomState => {
      const known = state.get(room) ?? emptyRoom(room);
      state.set(room, known);
      return known;
    };
    for (const room of request.rooms) {
      const row = tables.rooms.get(room)?.row;
      const into = state.get(room);
      if (row && into) into.head = toHead(row);
    }
    const message = (r: string, s: number): void => {
      const row = tables.rooms.get(r)?.messages.get(s);
      if (row) of(r).messages.set(s, { seq: s, author: row.author, deleted: row.deleted, edited: row.edited, reactions: row.reactions, ver: row.ver });
    };
    for (const { r, u } of [...request.members, ...request.asked.map(({ r, a }) => ({ r, u: a }))]) {
      const row = tables.rooms.get(r)?.members.get(u);
      if (row) of(r).members.set(u, { role: row.role, floor: row.floor, joinSeq: row.join_seq });
    }
    for (const { r, a, c } of [...request.asked, ...request.replies]) {
      const stored = tables.rooms.get(r)?.results.get(resultKey(a, c));
      if (stored) of(r).results.set(resultKey(a, c), stored);
    }
    for (const { r, s } of request.messages) message(r, s);
    for (const { r, a, c } of request.replies) {
      const seq = tables.rooms.get(r)?.results.get(resultKey(a, c))?.seq;
      if (seq) message(r, seq);
    }
    return state;
  },
  async commit(given) {
    // As values, like over the wire: what the caller changes afterwards is the caller's.
    const write = structuredClone(given);
    const positions = tables.positions.get(write.topic);
    const ours = write.partitions.every(({ partition, expected }) => {
      const at = positions?.get(partition);
      return at?.next === expected && at.logId === write.logId;
    });
    if (!positions || !ours) return { status: 'fenced' };
    if (repeatsResult(tables, write)) throw new DataError('A client id has its result already.');
    for (const { partition, next, pos, published, relayed } of write.partitions) {
      const at = positions.get(partition) as LogPosition;
      positions.set(partition, { ...at, next, pos, published: Math.max(at.published, published), relayed: Math.max(at.relayed, relayed) });
    }
    applyRows(tables, write);
    return { status: 'ok', users: writeUserState(tables, write.users) };
  },
  async advance(topic, moved) {
    const positions = tables.positions.get(topic);
    for (const { partition, published, relayed } of moved) {
      const at = positions?.get(partition);
      if (at) positions?.set(partition, { ...at, published: Math.max(at.published, published), relayed: Math.max(at.relayed, relayed) });
    }
  },
  async committed(partition, after, upTo, limit) {
    const log = tables.byPosition.get(partition) ?? [];
    return structuredClone(log.slice(after, Math.min(upTo, after + limit)).map(toCommitted)) as CommittedEvent[];
  },
});

const toHead = (row: BatchWrite['rooms'][number]) => ({
  exists: true,
  head: row.head,
  msgNo: row.msg_no,
  mver: row.mver,
  kind: row.kind as 'group',
  name: row.name,
  topic: row.topic,
  visibility: row.visibility as 'public',
  history: row.history as 'all',
  archived: row.archived,
  memberCount: row.member_count,
  lastMessageAt: row.last_message_at,
});

/** One result for each client id, for ever. */
function repeatsResult(tables: Tables, { events, results }: BatchWrite): boolean {
  const own = [...events.filter(({ hash }) => hash !== null), ...results];
  const keys = own.map(({ room, author, client_id }) => `${room} ${resultKey(author, client_id as string)}`);
  return (
    new Set(keys).size < keys.length || own.some(({ room, author, client_id }) => tables.rooms.get(room)?.results.has(resultKey(author, client_id as string)))
  );
}

function applyRows(tables: Tables, write: BatchWrite): void {
  for (const { room, target } of write.redactions) redact(tables.room(room), target);
  for (const row of write.events) {
    const room = tables.room(row.room);
    if (row.seq !== room.events.length + 1) throw new Error(`Event ${row.seq} of room ${row.room} does not follow ${room.events.length}.`);
    room.events.push(row);
    tables.partition(row.partition).push(row);
    if (row.type === 'message.posted') room.messages.set(row.seq, toMessage(row));
    if (row.client_id !== null && row.hash !== null) {
      room.results.set(resultKey(row.author, row.client_id), { hash: row.hash, status: 'committed', seq: row.seq, code: null });
    }
  }
  for (const row of write.rooms) tables.room(row.room).row = row;
  for (const head of write.heads) {
    const room = tables.room(head.room);
    if (room.row) room.row = { ...room.row, ...head };
  }
  for (const row of write.members) tables.room(row.room).members.set(row.user_id, row);
  for (const update of write.updates) applyUpdate(tables.room(update.room), update);
  for (const { room, author, client_id, ...result } of write.results) {
    tables.room(room).results.set(resultKey(author, client_id), { ...result, code: result.code as 'poison' | null });
  }
  tables.deadLetters.push(...write.deadLetters);
}

function toMessage({ room, seq, author, client_id, time, msg_no, body }: EventRow): MessageRow {
  const { text, replyTo, attachments = null } = body as { text: string | null; replyTo: number | null; attachments?: Attachment[] };
  return { room, seq, author, client_id, time, msg_no, text, reply_to: replyTo, edited: null, deleted: false, reactions: {}, ver: seq, attachments };
}

function redact(room: RoomTables, target: number): void {
  for (const row of room.events) {
    if ((row.type === 'message.posted' && row.seq === target) || (row.type === 'message.edited' && row.target === target)) row.body = redactedBody(row.body);
  }
}

function applyUpdate(room: RoomTables, { set_text, text, seq, edited, deleted, reactions, ver }: MessageUpdate): void {
  const row = room.messages.get(seq);
  if (row) Object.assign(row, { edited, deleted, reactions, ver }, set_text ? { text } : {}, deleted ? { attachments: null } : {});
}

function writeUserState(tables: Tables, rows: readonly UserStateRow[], keepCounter = true): UserChanges[] {
  const users = new Map<string, StateChange[]>();
  for (const { u } of rows) users.set(u, []);
  for (const { u } of rows) tables.user(u).ver += 1;
  for (const { u, k, v, o } of rows) {
    const user = tables.user(u);
    const before = user.state.get(k)?.value as { n?: number } | null | undefined;
    const value = keepCounter && k.startsWith('read:') && v && before && before.n !== undefined ? { ...(v as object), n: before.n } : v;
    const change = { key: k, value: structuredClone(value), ver: user.ver - o };
    user.state.set(k, change);
    users.get(u)?.push(structuredClone(change));
  }
  return [...users].map(([user, changes]) => ({ user, changes: changes.sort((a, b) => a.ver - b.ver) }));
}

const createMemoryUsers = (tables: Tables): Part<'markRead' | 'putState' | 'stateOf'> => ({
  async markRead(marks) {
    const changes = new Map<string, { k: string; v: unknown }[]>();
    for (const { user, room, seq, n } of marks) {
      const place = tables.memberOf(room, user);
      const before = tables.user(user).state.get(`read:${room}`)?.value as { n: number; seq: number } | null | undefined;
      if (!place) continue;
      const mark = Math.max(place.floor, Math.min(place.head, seq));
      // Two devices may count on from the same number: who has read further is right.
      if (n < (before?.n ?? 0) || n === 0 || (before && n === before.n && mark <= before.seq)) continue;
      const v = { seq: mark, n, unread: tables.unread(room, user, mark), at: place.head };
      changes.set(user, [...(changes.get(user) ?? []), { k: `read:${room}`, v }]);
    }
    const rows = [...changes].flatMap(([u, list]) => list.sort((a, b) => (a.k < b.k ? -1 : 1)).map(({ k, v }, i) => ({ u, k, v, o: list.length - 1 - i })));
    return writeUserState(tables, rows, false);
  },
  async putState(user, key, value) {
    return (writeUserState(tables, [{ u: user, k: key, v: structuredClone(value), o: 0 }])[0] as UserChanges).changes[0] as StateChange;
  },
  async stateOf(wanted) {
    const users = new Map<string, StateChange[]>();
    for (const { user, key } of wanted) {
      const change = tables.user(user).state.get(key);
      if (change) users.set(user, [...(users.get(user) ?? []), structuredClone(change)]);
    }
    return [...users].map(([user, changes]) => ({ user, changes: changes.sort((a, b) => a.ver - b.ver) }));
  },
});
