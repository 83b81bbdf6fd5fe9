// What is read from the store in memory; the same answers as store-sql-reads.ts gives.
import { type Attachment, type Member, type Message, type ReadStateValue, type Right, type Role, type RoomEvent, stateKey, TOPICS } from '@parley/protocol';
import { toCommitted } from '../decide/batch.ts';
import type { EventRow } from '../store/batch-write.ts';
import type { Store, Summary } from '../store/store.ts';
import type { MessageRow, Tables } from './tables.ts';

type Reads = Pick<
  Store,
  'sync' | 'headsSince' | 'heads' | 'events' | 'results' | 'right' | 'roomSummaries' | 'items' | 'roomView' | 'members' | 'authored' | 'forgetUser'
>;

export const createMemoryReads = (tables: Tables): Reads => ({ ...createSyncReads(tables), ...createRoomReads(tables), ...createErasure(tables) });

const createErasure = (tables: Tables): Pick<Reads, 'authored' | 'forgetUser'> => ({
  async authored(author, limit) {
    const rooms = [...tables.rooms];
    const messages = rooms.flatMap(([room, { messages: rows }]) =>
      [...rows.values()].filter((row) => row.author === author && !row.deleted).map(({ seq }) => ({ room, seq })),
    );
    return { messages: messages.slice(0, limit), active: rooms.some(([room, { row }]) => row?.archived === false && tables.memberOf(room, author) !== null) };
  },
  async forgetUser(user) {
    tables.user(user).state.clear();
  },
});

const byKey =
  <T>(key: (value: T) => string) =>
  (a: T, b: T) =>
    key(a) < key(b) ? -1 : 1;

const createSyncReads = (tables: Tables): Pick<Reads, 'sync' | 'headsSince' | 'heads' | 'events' | 'results'> => ({
  async sync(items) {
    return items.map(({ user, me }) => {
      const { ver, state } = tables.user(user);
      const full = me === null || me > ver;
      const changes = [...state.values()]
        .filter((change) => (full ? change.value !== null : change.ver > (me ?? 0)))
        .sort((a, b) => a.ver - b.ver)
        .map((change) => structuredClone(freshChange(tables, user, change)));
      const rights = [...tables.rooms.keys()].map((room) => rightOf(tables, user, room)).filter((right) => right !== null);
      return { me: { ver, full, changes }, rights };
    });
  },
  async headsSince(since) {
    const positions: Record<string, number> = {};
    const heads: Record<string, number> = {};
    for (const { partition, pos } of tables.positions.get(TOPICS.roomCommand)?.values() ?? []) {
      positions[partition] = pos;
      const from = since[partition];
      if (from === undefined) continue;
      for (const event of tables.partition(partition).slice(from)) heads[event.room] = event.seq;
    }
    return { positions, heads };
  },
  heads: async (rooms) =>
    Object.fromEntries(
      rooms.flatMap((room) => {
        const row = tables.rooms.get(room)?.row;
        return row ? [[room, row.head]] : [];
      }),
    ),
  async events(room, after, limit) {
    const known = tables.rooms.get(room);
    return { head: known?.row?.head ?? 0, events: (known?.events ?? []).slice(after, after + limit).map(toEvent) };
  },
  results: async (room, asked) =>
    asked.flatMap(({ author, clientId }) => {
      const result = tables.rooms.get(room)?.results.get(`${author}/${clientId}`);
      return result ? [{ ...result }] : [];
    }),
});

const createRoomReads = (tables: Tables): Pick<Reads, 'right' | 'roomSummaries' | 'items' | 'roomView' | 'members'> => ({
  right: async (user, room) => rightOf(tables, user, room),
  roomSummaries: async (user, rooms) =>
    [...tables.rooms.keys()]
      .filter((room) => rooms === null || rooms.includes(room))
      .flatMap((room) => summaryOf(tables, user, room) ?? [])
      .sort(byKey((summary) => summary.room)),
  async items(room, after, before, limit, from) {
    const seqs = (tables.rooms.get(room)?.events ?? [])
      .filter((event) => event.seq > after && event.seq < before && (event.type === 'message.posted' || event.mver !== null))
      .map((event) => event.seq);
    return from === 'start' ? seqs.slice(0, limit) : seqs.slice(Math.max(0, seqs.length - limit));
  },
  async roomView(user, room, from, to, withMembers) {
    const summary = summaryOf(tables, user, room);
    const known = tables.rooms.get(room);
    if (!summary || !known) return null;
    const within = (seq: number): boolean => seq > Math.max(from, summary.floor) && seq <= (to ?? summary.seq);
    return {
      room: summary,
      members: withMembers ? membersOf(tables, room) : [],
      messages: [...known.messages.values()].filter((message) => within(message.seq)).map(toMessage),
      notices: known.events.filter((event) => event.mver !== null && within(event.seq)).map(toEvent),
    };
  },
  async members(user, room, after, limit) {
    const right = rightOf(tables, user, room);
    if (!right) return null;
    const members = membersOf(tables, room).filter((member) => after === null || member.user > after);
    return { at: right.head, members: members.slice(0, limit) };
  },
});

const toEvent = (row: EventRow): RoomEvent => structuredClone(toCommitted(row).event);

const toMessage = ({ client_id, msg_no, reply_to, reactions, attachments, ...row }: MessageRow): Message => ({
  ...row,
  clientId: client_id,
  msgNo: msg_no,
  replyTo: reply_to,
  thread: null,
  ...(attachments === null ? {} : { attachments: structuredClone(attachments) as Attachment[] }),
  reactions: structuredClone(reactions) as Record<string, string[]>,
});

const membersOf = (tables: Tables, room: string): Member[] =>
  [...(tables.rooms.get(room)?.members.values() ?? [])]
    .filter((member) => member.role !== null)
    .map((member) => ({ user: member.user_id, role: member.role as Role, joinSeq: member.join_seq }))
    .sort(byKey((member) => member.user));

function rightOf(tables: Tables, user: string, room: string): Right | null {
  const place = tables.memberOf(room, user);
  return place ? { room, role: place.role as Role, floor: place.floor, joinSeq: place.join_seq, head: place.head } : null;
}

function freshChange(tables: Tables, user: string, change: { key: string; value: unknown; ver: number }) {
  if (!change.key.startsWith('read:') || change.value === null) return change;
  return { ...change, value: freshRead(tables, user, change.key.slice(5), change.value as ReadStateValue) };
}

function freshRead(tables: Tables, user: string, room: string, value: ReadStateValue): ReadStateValue {
  const place = tables.memberOf(room, user);
  return place ? { ...value, unread: tables.unread(room, user, value.seq), at: place.head } : value;
}

function summaryOf(tables: Tables, user: string, room: string): Summary | null {
  const place = tables.memberOf(room, user);
  const row = tables.rooms.get(room)?.row;
  if (!place || !row) return null;
  const read = (tables.user(user).state.get(stateKey.read(room))?.value ?? { seq: place.join_seq, n: 0, unread: 0, at: place.join_seq }) as ReadStateValue;
  return {
    room,
    seq: row.head,
    msgNo: row.msg_no,
    kind: row.kind as Summary['kind'],
    name: row.name,
    topic: row.topic,
    visibility: row.visibility as Summary['visibility'],
    history: row.history as Summary['history'],
    archived: row.archived,
    memberCount: row.member_count,
    people: row.kind === 'direct' ? [...(tables.rooms.get(room)?.members.keys() ?? [])].sort() : null,
    role: place.role as Role,
    floor: place.floor,
    joinSeq: place.join_seq,
    read: structuredClone(freshRead(tables, user, room, read)),
    lastMessageAt: row.last_message_at,
  };
}
