// What room.event leaves behind, in one transaction with its offset: rooms and their members as they stand, who should be told, and jobs.
// Everything of an event is applied once, whatever is repeated: a room's `seq` says what was.
import { Fenced } from '@parley/ports';
import { QUEUES, type Role } from '@parley/protocol';
import type { Database, Transaction } from './store-database.ts';

/** A stretch of one partition: after it the next offset is `next`. */
export interface LogStretch {
  readonly topic: string;
  readonly partition: number;
  readonly logId: string;
  readonly expected: number;
  readonly next: number;
}

export interface KnownRoom {
  readonly id: string;
  readonly seq: number;
  readonly kind: 'direct' | 'group' | 'channel';
  readonly name: string | null;
  /** Somebody wants every message of it. */
  readonly wanted: boolean;
  readonly webhooks: readonly { readonly id: string; readonly events: readonly string[]; readonly createdBy: string }[];
}

/** A message, and whom it names. */
export interface Post {
  readonly room: string;
  readonly seq: number;
  readonly author: string;
  readonly direct: boolean;
  /** Everybody was named. */
  readonly everybody: boolean;
  readonly mentioned: readonly string[];
  /** Where somebody follows the message. */
  readonly trace?: string;
}

export type Step =
  | { readonly type: 'posts'; readonly posts: readonly Post[] }
  | { readonly type: 'member'; readonly room: string; readonly user: string; readonly role: Role | null };

export interface Job {
  readonly queue: string;
  readonly id: string;
  readonly payload: object;
  readonly dueMs: number;
}

export interface Batch {
  readonly stretches: readonly LogStretch[];
  readonly rooms: readonly Pick<KnownRoom, 'id' | 'seq' | 'kind' | 'name'>[];
  /** In the order of the events. */
  readonly steps: readonly Step[];
  readonly jobs: readonly Job[];
  readonly nowMs: number;
  readonly pushDueMs: number;
  readonly mailDueMs: number;
}

/** `@all` by an ordinary member names everybody only in rooms up to this size: nobody wakes a thousand people by one word. */
const EVERYBODY_MEMBERS = 100;
export const TELL = QUEUES.tell;
export const DIGEST = QUEUES.digest;

export interface EventStore {
  /** The offset to go on from; `from` at the first time. Throws when the log is not the one that was read before. */
  position(topic: string, partition: number, logId: string, from: number): Promise<number>;
  /** Each of them as it was last applied; `seq` 0: nothing of it was. */
  rooms(ids: readonly string[]): Promise<ReadonlyMap<string, KnownRoom>>;
  /** All or nothing. Throws Fenced when somebody else moved an offset. */
  apply(batch: Batch): Promise<void>;
}

export const createEventStore = (db: Database): EventStore => ({
  async position(topic, partition, logId, from) {
    await db.logOffset.createMany({ data: [{ topic, partition, logId, next: BigInt(from) }], skipDuplicates: true });
    const row = await db.logOffset.findUniqueOrThrow({ where: { topic_partition: { topic, partition } } });
    if (row.logId !== logId) throw new Error(`The log of ${topic} is ${logId}, but notifications has read ${row.logId}: it is another log.`);
    return Number(row.next);
  },
  rooms: (ids) => readRooms(db, ids),
  apply: (batch) =>
    db.$transaction(async (tx) => {
      for (const stretch of batch.stretches) await moveOffset(tx, stretch);
      for (const step of batch.steps) {
        if (step.type === 'member') await writeMember(tx, step);
        else await writePosts(tx, step.posts, batch);
      }
      await writeRooms(tx, batch.rooms);
      await writeJobs(tx, batch.jobs);
    }),
});

async function readRooms(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, KnownRoom>> {
  const where = { in: [...ids] };
  const [rooms, wanted, webhooks] = await Promise.all([
    db.room.findMany({ where: { id: where } }),
    db.roomRule.findMany({ where: { roomId: where, rule: 'all' }, select: { roomId: true }, distinct: ['roomId'] }),
    db.webhook.findMany({ where: { roomId: where, disabled: null }, select: { id: true, roomId: true, events: true, createdBy: true } }),
  ]);
  const wantedRooms = new Set(wanted.map((row) => row.roomId));
  const rows = new Map(rooms.map((row) => [row.id, row]));
  return new Map(
    ids.map((id) => {
      const row = rows.get(id);
      // The table's CHECK allows no other kind. Of a room that was not read yet, the rules and webhooks may be there already.
      const room = { id, seq: Number(row?.seq ?? 0), kind: (row?.kind ?? 'group') as KnownRoom['kind'], name: row?.name ?? null };
      return [id, { ...room, wanted: wantedRooms.has(id), webhooks: webhooks.filter((one) => one.roomId === id) }];
    }),
  );
}

export async function moveOffset(tx: Transaction, { topic, partition, logId, expected, next }: LogStretch): Promise<void> {
  const { count } = await tx.logOffset.updateMany({ where: { topic, partition, logId, next: BigInt(expected) }, data: { next: BigInt(next) } });
  if (count !== 1) throw new Fenced(`Somebody else has read ${topic} beyond ${expected}.`);
}

/** Who is no admin any more takes their webhooks along: else they went on reading the room through them. */
async function writeMember(tx: Transaction, { room, user, role }: Extract<Step, { type: 'member' }>): Promise<void> {
  if (role === null) await tx.member.deleteMany({ where: { roomId: room, userId: user } });
  else await tx.member.upsert({ where: { roomId_userId: { roomId: room, userId: user } }, create: { roomId: room, userId: user, role }, update: { role } });
  if (role === null || role === 'member')
    await tx.webhook.updateMany({ where: { roomId: room, createdBy: user, disabled: null }, data: { disabled: 'maker_left' } });
}

async function writeRooms(tx: Transaction, rooms: Batch['rooms']): Promise<void> {
  if (rooms.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO room (id, seq, kind, name) SELECT id, seq, kind, name FROM jsonb_to_recordset(${JSON.stringify(rooms)}::jsonb) AS r(id uuid, seq bigint, kind text, name text)
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind, name = excluded.name`;
}

export async function writeJobs(tx: Transaction, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  await tx.outbox.createMany({ data: jobs.map(({ queue, id, payload, dueMs }) => ({ queue, jobId: id, payload, dueMs: BigInt(dueMs) })) });
}

/** Those who should be told and have any way to be told; one job each, and one collecting letter per person. */
async function writePosts(tx: Transaction, posts: readonly Post[], { nowMs, pushDueMs, mailDueMs }: Batch): Promise<void> {
  if (posts.length === 0) return;
  await tx.$executeRaw`
    WITH i AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(posts)}::jsonb) AS i(room uuid, seq bigint, author uuid, direct boolean, everybody boolean, mentioned uuid[], trace text)),
    loud AS (
      SELECT i.*, i.everybody AND (
          EXISTS (SELECT FROM member a WHERE a.room_id = i.room AND a.user_id = i.author AND a.role <> 'member')
          OR (SELECT count(*) FROM member c WHERE c.room_id = i.room) <= ${EVERYBODY_MEMBERS}) AS loudly FROM i),
    who AS (
      SELECT m.user_id, l.room, l.seq, l.direct, l.loudly OR m.user_id = ANY (l.mentioned) AS named,
             coalesce(r.rule, CASE WHEN l.direct THEN 'all' ELSE 'mentions' END) AS rule,
             coalesce(p.push, true) AND EXISTS (SELECT FROM device d WHERE d.user_id = m.user_id) AS push,
             coalesce(p.confirmed AND p.mail, false) AS mail
        FROM loud l JOIN member m ON m.room_id = l.room AND m.user_id <> l.author
        LEFT JOIN room_rule r ON r.room_id = m.room_id AND r.user_id = m.user_id LEFT JOIN preference p ON p.user_id = m.user_id),
    told AS (
      INSERT INTO notification (user_id, room_id, seq, kind, push, mail, created_ms)
      SELECT user_id, room, seq, CASE WHEN direct THEN 'direct' WHEN named THEN 'mention' ELSE 'all' END,
             CASE WHEN push THEN 'waiting' ELSE 'none' END, CASE WHEN mail THEN 'waiting' ELSE 'none' END, ${nowMs}::bigint
        FROM who WHERE (push OR mail) AND (rule = 'all' OR (rule = 'mentions' AND named))
       ORDER BY user_id, seq ON CONFLICT DO NOTHING RETURNING id, user_id, room_id, seq, push, mail),
    traced AS (SELECT told.*, i.trace FROM told JOIN i ON i.room = told.room_id AND i.seq = told.seq),
    letters AS (
      -- Touched also when it is there: whoever closes it meanwhile waits for this transaction, and then sees its rows.
      INSERT INTO digest AS d (id, user_id, state, created_ms)
      SELECT gen_random_uuid(), user_id, 'waiting', ${nowMs}::bigint FROM told WHERE mail = 'waiting' GROUP BY user_id ORDER BY user_id
      ON CONFLICT (user_id) WHERE state = 'waiting' DO UPDATE SET created_ms = d.created_ms RETURNING id, user_id, xmax = 0 AS made)
    INSERT INTO outbox (queue, job_id, payload, due_ms)
    SELECT ${TELL}, 'n' || id || '.0', jsonb_strip_nulls(jsonb_build_object('id', id::text, 'trace', trace)), ${pushDueMs}::bigint FROM traced WHERE push = 'waiting'
    UNION ALL
    SELECT ${DIGEST}, 'd' || l.id || '.0', jsonb_strip_nulls(jsonb_build_object('id', l.id, 'trace',
             (SELECT t.trace FROM traced t WHERE t.user_id = l.user_id AND t.mail = 'waiting' AND t.trace IS NOT NULL ORDER BY t.id LIMIT 1))),
           ${mailDueMs}::bigint FROM letters l WHERE made`;
}
