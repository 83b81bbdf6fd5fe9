// The store on Postgres. The hot path is two calls a batch at most, load_batch and commit_batch of the migration; JSON in and JSON out, because
// one value costs the worker a tenth of what rows of a result set cost it.
import { type CommittedEvent, LIMITS, type StateChange } from '@parley/protocol';
import type { PgConnection } from '@parley/runtime';
import { emptyRoom, type RoomState, resultKey, type StoredResult } from '../decide/state.ts';
import { DataError, type Store, type UserChanges } from './store.ts';
import { type Database, type HotPath, isDataError, jsonOf, openDatabase, openHotPath, orUnavailable, retryDeadlocks } from './store-database.ts';
import { createSqlErasure } from './store-erasure.ts';
import { createSqlReads } from './store-sql-reads.ts';
import { createSqlToTell } from './store-to-tell.ts';

/** `poolSize`: connections at most, beside the two of the hot path. */
export function createSqlStore(connection: PgConnection, poolSize = 8): Store {
  const db = openDatabase(connection, poolSize);
  const hot = openHotPath(connection);
  return orUnavailable({ ...createSqlLog(db, hot), ...createSqlUsers(db), ...createSqlReads(db), ...createSqlToTell(db), ...createSqlErasure(db) });
}

type Part<K extends keyof Store> = Pick<Store, K>;

const createSqlLog = (
  db: Database,
  hot: HotPath,
): Part<'open' | 'close' | 'positions' | 'adopt' | 'partitionCount' | 'load' | 'commit' | 'advance' | 'committed'> => ({
  async open(freshEpoch) {
    await db.$executeRaw`INSERT INTO installation (epoch) VALUES (${freshEpoch}::uuid) ON CONFLICT DO NOTHING`;
    const { epoch } = await db.installation.findFirstOrThrow();
    return { epoch };
  },
  async close() {
    await Promise.all([db.$disconnect(), hot.close()]);
  },

  async positions(topic) {
    const rows = await db.logPosition.findMany({ where: { topic }, orderBy: { partition: 'asc' } });
    return rows.map(({ partition, logId, next, pos, published, relayed }) => ({
      partition,
      logId,
      next: Number(next),
      pos: Number(pos),
      published: Number(published),
      relayed: Number(relayed),
    }));
  },
  async adopt(topic, logId, partitionCount, from) {
    await db.$transaction([
      db.$executeRaw`INSERT INTO log_topic (topic, partitions) VALUES (${topic}, ${partitionCount}) ON CONFLICT DO NOTHING`,
      db.$executeRaw`
        INSERT INTO log_position (topic, partition, log_id, next)
        SELECT ${topic}, i.partition, ${logId}, i.next FROM jsonb_to_recordset(${JSON.stringify(from)}::jsonb) AS i(partition int, next bigint)
        ON CONFLICT DO NOTHING`,
    ]);
  },
  partitionCount: async (topic) => (await db.logTopic.findUnique({ where: { topic } }))?.partitions ?? null,

  async load(request) {
    return toState(request.rooms, (await hot.call('load_batch', JSON.stringify(request))) as Loaded);
  },
  async commit(write) {
    const json = JSON.stringify(write);
    try {
      const outcome = await retryDeadlocks(async () => (await hot.call('commit_batch', json)) as CommitAnswer);
      return outcome.status === 'ok' ? { status: 'ok', users: toUserChanges(outcome.users ?? []) } : { status: 'fenced' };
    } catch (error) {
      if (isDataError(error)) throw new DataError('Postgres refused the data of the batch.', { cause: error });
      throw error;
    }
  },
  async advance(topic, positions) {
    await db.$executeRaw`
      UPDATE log_position l SET published = greatest(l.published, i.published), relayed = greatest(l.relayed, i.relayed)
        FROM jsonb_to_recordset(${JSON.stringify(positions)}::jsonb) AS i(partition int, published bigint, relayed bigint)
       WHERE l.topic = ${topic} AND l.partition = i.partition`;
  },
  async committed(partition, after, upTo, limit) {
    const events = jsonOf<CommittedEvent[] | null>(
      await db.$queryRaw`
        SELECT json_agg(json_build_object('v', 1, 'event', event_json(e), 'mver', e.mver, 'pos', e.pos, 'partition', e.partition) ORDER BY e.pos)::text AS r
          FROM (SELECT * FROM event WHERE partition = ${partition} AND pos > ${after} AND pos <= ${upTo} ORDER BY pos LIMIT ${limit}) AS page
          JOIN event e ON e.room = page.room AND e.seq = page.seq`,
    );
    return events ?? [];
  },
});

const createSqlUsers = (db: Database): Part<'markRead' | 'putState' | 'stateOf'> => ({
  async markRead(marks) {
    const json = JSON.stringify(marks.map(({ user, room, seq, n }) => ({ u: user, r: room, s: seq, n })));
    return toUserChanges(await retryDeadlocks(async () => jsonOf<UserRow[]>(await db.$queryRaw`SELECT mark_read(${json}::jsonb, ${LIMITS.unread}::int) AS r`)));
  },
  async putState(user, key, value) {
    const json = JSON.stringify([{ u: user, k: key, v: value, o: 0 }]);
    const rows = await retryDeadlocks(async () => jsonOf<UserRow[]>(await db.$queryRaw`SELECT write_user_state(${json}::jsonb)::text AS r`));
    return (toUserChanges(rows)[0] as UserChanges).changes[0] as StateChange;
  },
  async stateOf(wanted) {
    if (wanted.length === 0) return [];
    return toUserChanges(
      jsonOf<UserRow[] | null>(
        await db.$queryRaw`
          SELECT json_agg(json_build_array(s.user_id, s.key, s.value, s.ver) ORDER BY s.ver)::text AS r
            FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS i("user" uuid, key text) JOIN user_state s ON s.user_id = i."user" AND s.key = i.key`,
      ) ?? [],
    );
  },
});

type UserRow = [user: string, key: string, value: unknown, ver: number];
type CommitAnswer = { status: 'ok'; users: UserRow[] | null } | { status: 'fenced' };

function toUserChanges(rows: readonly UserRow[]): UserChanges[] {
  const users = new Map<string, UserChanges>();
  for (const [user, key, value, ver] of rows) {
    const known = users.get(user);
    if (known) known.changes.push({ key, value, ver });
    else users.set(user, { user, changes: [{ key, value, ver }] });
  }
  for (const { changes } of users.values()) if (changes.length > 1) changes.sort((a, b) => a.ver - b.ver);
  return [...users.values()];
}

type RoomTuple = [
  string,
  number,
  number,
  number,
  RoomState['head']['kind'],
  string | null,
  string,
  RoomState['head']['visibility'],
  RoomState['head']['history'],
  boolean,
  number,
  number | null,
];
type MemberTuple = [room: string, user: string, role: 'owner' | 'admin' | 'member' | null, floor: number, joinSeq: number];
type ResultTuple = [room: string, author: string, client: string, hash: string, status: StoredResult['status'], seq: number | null, code: StoredResult['code']];
type MessageTuple = [room: string, seq: number, author: string, deleted: boolean, edited: number | null, reactions: Record<string, string[]>, ver: number];
interface Loaded {
  readonly rooms: RoomTuple[] | null;
  readonly members: MemberTuple[] | null;
  readonly others: MemberTuple[] | null;
  readonly results: ResultTuple[] | null;
  readonly messages: MessageTuple[] | null;
  readonly replies: [...ResultTuple, MessageTuple | null][] | null;
}

function toState(rooms: readonly string[], loaded: Loaded): Map<string, RoomState> {
  const state = new Map<string, RoomState>(rooms.map((room) => [room, emptyRoom(room)]));
  const of = (room: string): RoomState => {
    const known = state.get(room) ?? emptyRoom(room);
    state.set(room, known);
    return known;
  };
  for (const [room, head, msgNo, mver, kind, name, topic, visibility, history, archived, memberCount, lastMessageAt] of loaded.rooms ?? []) {
    of(room).head = { exists: true, head, msgNo, mver, kind, name, topic, visibility, history, archived, memberCount, lastMessageAt };
  }
  for (const [room, user, role, floor, joinSeq] of [...(loaded.members ?? []), ...(loaded.others ?? [])]) of(room).members.set(user, { role, floor, joinSeq });
  const result = (row: readonly [...ResultTuple, ...unknown[]]): void => {
    const [room, author, client, hash, status, seq, code] = row;
    of(room).results.set(resultKey(author, client), { hash, status, seq, code });
  };
  const message = ([room, seq, author, deleted, edited, reactions, ver]: MessageTuple): void => {
    of(room).messages.set(seq, { seq, author, deleted, edited, reactions, ver });
  };
  for (const row of loaded.results ?? []) result(row);
  for (const row of loaded.messages ?? []) message(row);
  for (const row of loaded.replies ?? []) {
    result(row);
    if (row[7]) message(row[7]);
  }
  return state;
}
