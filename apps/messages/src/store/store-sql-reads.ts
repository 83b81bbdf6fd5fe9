// What is read from Postgres, each in one statement, so that every answer is one moment. Keyset pages only.
import { LIMITS, type MyChanges, type Right, type RoomEvent, TOPICS } from '@parley/protocol';
import type { RoomView, Store, Summary } from './store.ts';
import { type Database, jsonOf } from './store-database.ts';

/** Further behind than this and all heads of the partition are answered: cheaper than grouping that many events. */
const HEADS_EVENTS = 20_000;

type Reads = Pick<Store, 'sync' | 'headsSince' | 'heads' | 'events' | 'results' | 'right' | 'roomSummaries' | 'items' | 'roomView' | 'members'>;

export const createSqlReads = (db: Database): Reads => ({ ...createSyncReads(db), ...createRoomReads(db) });

const createSyncReads = (db: Database): Pick<Reads, 'sync' | 'headsSince' | 'heads' | 'events' | 'results'> => ({
  async sync(items) {
    const json = JSON.stringify(items.map(({ user, me }, i) => ({ i, u: user, me })));
    return jsonOf<{ me: MyChanges; rights: Right[] }[]>(
      await db.$queryRaw`
        WITH i AS (SELECT * FROM jsonb_to_recordset(${json}::jsonb) AS i(i int, u uuid, me bigint)),
        h AS (SELECT i.*, coalesce(h.ver, 0) AS ver, i.me IS NULL OR i.me > coalesce(h.ver, 0) AS whole FROM i LEFT JOIN user_head h ON h.user_id = i.u)
        SELECT json_agg(json_build_object(
          'me', json_build_object('ver', h.ver, 'full', h.whole, 'changes', coalesce((
            SELECT json_agg(json_build_object('key', s.key, 'ver', s.ver, 'value',
                CASE WHEN s.key LIKE 'read:%' AND s.value IS NOT NULL THEN fresh_read(h.u, substr(s.key, 6)::uuid, s.value, ${LIMITS.unread}::int) ELSE s.value END) ORDER BY s.ver)
              FROM user_state s WHERE s.user_id = h.u AND CASE WHEN h.whole THEN s.value IS NOT NULL ELSE s.ver > h.me END), '[]')),
          'rights', coalesce((
            SELECT json_agg(json_build_object('room', m.room, 'role', m.role, 'floor', m.floor, 'joinSeq', m.join_seq, 'head', t.head))
              FROM member m JOIN room t ON t.room = m.room WHERE m.user_id = h.u AND m.role IS NOT NULL), '[]')) ORDER BY h.i)::text AS r
          FROM h`,
    );
  },
  async headsSince(since) {
    const answer = jsonOf<{ positions: Record<string, number> | null; heads: Record<string, number> | null }>(
      await db.$queryRaw`
        WITH p AS (
          SELECT l.partition, l.pos, i.value::bigint AS since FROM log_position l LEFT JOIN jsonb_each_text(${JSON.stringify(since)}::jsonb) AS i ON i.key = l.partition::text
           WHERE l.topic = ${TOPICS.roomCommand}),
        changed AS (
          SELECT e.room, max(e.seq) AS head FROM p JOIN event e ON e.partition = p.partition AND e.pos > p.since
           WHERE p.pos - p.since <= ${HEADS_EVENTS} GROUP BY e.room
          UNION ALL
          SELECT t.room, t.head FROM p JOIN room t ON t.partition = p.partition WHERE p.pos - p.since > ${HEADS_EVENTS})
        SELECT json_build_object('positions', (SELECT json_object_agg(partition, pos) FROM p), 'heads', (SELECT json_object_agg(room, head) FROM changed))::text AS r`,
    );
    return { positions: answer.positions ?? {}, heads: answer.heads ?? {} };
  },
  async heads(rooms) {
    return (
      jsonOf<Record<string, number> | null>(
        await db.$queryRaw`SELECT json_object_agg(room, head)::text AS r FROM room WHERE room IN (SELECT x::uuid FROM jsonb_array_elements_text(${JSON.stringify(rooms)}::jsonb) AS x)`,
      ) ?? {}
    );
  },
  async events(room, after, limit) {
    const page = jsonOf<{ head: number; events: RoomEvent[] | null }>(
      await db.$queryRaw`
        SELECT json_build_object('head', coalesce((SELECT head FROM room WHERE room = ${room}::uuid), 0), 'events', (
          SELECT json_agg(event_json(e) ORDER BY e.seq) FROM event e
           WHERE e.room = ${room}::uuid AND e.seq > ${after} AND e.seq <= ${after + limit}))::text AS r`,
    );
    return { head: page.head, events: page.events ?? [] };
  },
  async results(room, asked) {
    const json = JSON.stringify(asked.map(({ author, clientId }) => ({ a: author, c: clientId })));
    return (
      jsonOf<Awaited<ReturnType<Store['results']>> | null>(
        await db.$queryRaw`
          SELECT json_agg(json_build_object('hash', t.hash, 'status', t.status, 'seq', t.seq, 'code', t.code))::text AS r
            FROM jsonb_to_recordset(${json}::jsonb) AS i(a uuid, c uuid) JOIN result t ON t.room = ${room}::uuid AND t.author = i.a AND t.client_id = i.c`,
      ) ?? []
    );
  },
});

const createRoomReads = (db: Database): Pick<Reads, 'right' | 'roomSummaries' | 'items' | 'roomView' | 'members'> => ({
  right: async (user, room) =>
    jsonOf<Right | null>(
      await db.$queryRaw`
        SELECT json_build_object('room', m.room, 'role', m.role, 'floor', m.floor, 'joinSeq', m.join_seq, 'head', t.head)::text AS r
          FROM member m JOIN room t ON t.room = m.room WHERE m.room = ${room}::uuid AND m.user_id = ${user}::uuid AND m.role IS NOT NULL`,
    ),
  async roomSummaries(user, rooms) {
    const only = rooms === null ? null : JSON.stringify(rooms);
    return (
      jsonOf<Summary[] | null>(
        await db.$queryRaw`
          SELECT json_agg(summary ORDER BY room)::text AS r FROM room_summaries(${user}::uuid,
            (SELECT CASE WHEN ${only}::jsonb IS NULL THEN NULL ELSE ARRAY(SELECT x::uuid FROM jsonb_array_elements_text(${only}::jsonb) AS x) END), ${LIMITS.unread}::int)`,
      ) ?? []
    );
  },
  async items(room, after, before, limit, from) {
    // Two statements for the two directions: a direction in an expression would hide the index's order from the planner.
    const rows =
      from === 'end'
        ? await db.$queryRaw<{ seq: bigint }[]>`
            (SELECT seq FROM message WHERE room = ${room}::uuid AND seq > ${after} AND seq < ${before} ORDER BY seq DESC LIMIT ${limit})
            UNION ALL (SELECT seq FROM event WHERE room = ${room}::uuid AND mver IS NOT NULL AND seq > ${after} AND seq < ${before} ORDER BY seq DESC LIMIT ${limit})
            ORDER BY seq DESC LIMIT ${limit}`
        : await db.$queryRaw<{ seq: bigint }[]>`
            (SELECT seq FROM message WHERE room = ${room}::uuid AND seq > ${after} AND seq < ${before} ORDER BY seq LIMIT ${limit})
            UNION ALL (SELECT seq FROM event WHERE room = ${room}::uuid AND mver IS NOT NULL AND seq > ${after} AND seq < ${before} ORDER BY seq LIMIT ${limit})
            ORDER BY seq LIMIT ${limit}`;
    return rows.map(({ seq }) => Number(seq)).sort((a, b) => a - b);
  },
  roomView: async (user, room, from, to, withMembers) =>
    jsonOf<RoomView | null>(
      await db.$queryRaw`
        WITH r AS (SELECT * FROM room_summaries(${user}::uuid, ARRAY[${room}::uuid], ${LIMITS.unread}::int))
        SELECT json_build_object('room', r.summary,
          'members', (SELECT coalesce(json_agg(json_build_object('user', m.user_id, 'role', m.role, 'joinSeq', m.join_seq) ORDER BY m.user_id), '[]')
                        FROM member m WHERE m.room = r.room AND m.role IS NOT NULL AND ${withMembers}::boolean),
          'messages', (SELECT coalesce(json_agg(message_json(m) ORDER BY m.seq), '[]') FROM message m
                        WHERE m.room = r.room AND m.seq > greatest(${from}::bigint, r.floor) AND m.seq <= coalesce(${to}::bigint, r.head)),
          'notices', (SELECT coalesce(json_agg(event_json(e) ORDER BY e.seq), '[]') FROM event e
                        WHERE e.room = r.room AND e.mver IS NOT NULL AND e.seq > greatest(${from}::bigint, r.floor) AND e.seq <= coalesce(${to}::bigint, r.head)))::text AS r
          FROM r`,
    ),
  members: async (user, room, after, limit) =>
    jsonOf<Awaited<ReturnType<Store['members']>>>(
      await db.$queryRaw`
        SELECT json_build_object('at', t.head, 'members', (
            SELECT coalesce(json_agg(json_build_object('user', p.user_id, 'role', p.role, 'joinSeq', p.join_seq) ORDER BY p.user_id), '[]')
              FROM (SELECT * FROM member WHERE room = t.room AND role IS NOT NULL AND (${after}::uuid IS NULL OR user_id > ${after}::uuid) ORDER BY user_id LIMIT ${limit}) AS p))::text AS r
          FROM room t JOIN member m ON m.room = t.room AND m.user_id = ${user}::uuid AND m.role IS NOT NULL WHERE t.room = ${room}::uuid`,
    ),
});
