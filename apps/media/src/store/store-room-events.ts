// Hangs files on messages and takes them down again, as the log says it; the offsets move in the transaction of the effects.
import { Fenced } from '@parley/ports';
import { type Database, orUnavailable } from './store-database.ts';

/** A stretch of one partition: after it the next offset is `next`. */
export interface Stretch {
  readonly partition: number;
  readonly expected: number;
  readonly next: number;
}

/** A message that names files. The room and the author are the log's word, the file ids anybody's. */
export interface Posted {
  readonly room: string;
  readonly seq: number;
  readonly author: string;
  readonly files: readonly string[];
}

export interface Deleted {
  readonly room: string;
  readonly seq: number;
}

export interface RoomEventStore {
  /** The offset to go on from; `from` at the first time. Throws when the log is not the one that was read before. */
  position(topic: string, partition: number, logId: string, from: number): Promise<number>;
  positions(topic: string): Promise<readonly { readonly partition: number; readonly logId: string; readonly next: number }[]>;
  /** Throws Fenced when somebody else moved an offset. Answers how many files were given up. */
  apply(topic: string, logId: string, stretches: readonly Stretch[], posted: readonly Posted[], deleted: readonly Deleted[]): Promise<number>;
}

export function createRoomEventStore(db: Database): RoomEventStore {
  return orUnavailable<RoomEventStore>({
    async position(topic, partition, logId, from) {
      await db.logOffset.createMany({ data: [{ topic, partition, logId, next: BigInt(from) }], skipDuplicates: true });
      const row = await db.logOffset.findUniqueOrThrow({ where: { topic_partition: { topic, partition } } });
      if (row.logId !== logId) throw new Error(`The log of ${topic} is ${logId}, but media has read ${row.logId}: it is another log.`);
      return Number(row.next);
    },
    async positions(topic) {
      const rows = await db.logOffset.findMany({ where: { topic } });
      return rows.map(({ partition, logId, next }) => ({ partition, logId, next: Number(next) }));
    },
    apply: (topic, logId, stretches, posted, deleted) =>
      db.$transaction(async (tx) => {
        const moved = await tx.$executeRaw`
          UPDATE log_offsets o SET next = i.next FROM jsonb_to_recordset(${JSON.stringify(stretches)}::jsonb) AS i(partition int, expected bigint, next bigint)
           WHERE o.topic = ${topic} AND o.log_id = ${logId} AND o.partition = i.partition AND o.next = i.expected`;
        if (moved !== stretches.length) throw new Fenced(`Somebody else has read ${topic}.`);
        if (posted.length > 0) {
          const rows = posted.flatMap(({ room, seq, author, files }) => files.map((file) => ({ room, seq, author, file })));
          // Only a file of this room, put there by the message's own author, is hung up: else an id would be a key to other rooms' files.
          await tx.$executeRaw`
            INSERT INTO attachments (file_id, room, seq)
            SELECT f.id, f.room, i.seq FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS i(room uuid, seq bigint, author uuid, file uuid)
              JOIN files f ON f.id = i.file AND f.room = i.room AND f.owner = i.author AND f.state = 'ready'
              ORDER BY f.id FOR UPDATE OF f
            ON CONFLICT DO NOTHING`;
        }
        if (deleted.length === 0) return 0;
        return tx.$executeRaw`
          WITH taken AS (
            UPDATE attachments a SET gone = true FROM jsonb_to_recordset(${JSON.stringify(deleted)}::jsonb) AS i(room uuid, seq bigint)
             WHERE a.room = i.room AND a.seq = i.seq AND NOT a.gone RETURNING a.file_id, a.seq)
          UPDATE files f SET state = 'deleted'
           WHERE f.id IN (SELECT file_id FROM taken)
             AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = f.id AND NOT a.gone AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.file_id = a.file_id AND t.seq = a.seq))`;
      }),
  });
}
