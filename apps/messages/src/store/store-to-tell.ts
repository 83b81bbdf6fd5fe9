// What notifications asks before it tells anybody of a message, in one statement: so that every answer is one moment.
import type { ToTell } from '@parley/protocol';
import type { Store } from './store.ts';
import { type Database, jsonOf } from './store-database.ts';

export const createSqlToTell = (db: Database): Pick<Store, 'toTell'> => ({
  toTell: async (items) =>
    items.length === 0
      ? []
      : jsonOf<ToTell[]>(
          await db.$queryRaw`
            SELECT json_agg(CASE WHEN m.seq IS NULL OR p.user_id IS NULL THEN NULL ELSE json_build_object(
                'author', m.author, 'text', m.text, 'time', m.time,
                'read', coalesce((r.value ->> 'seq')::bigint, p.join_seq) >= m.seq,
                'muted', coalesce((q.value ->> 'muted')::boolean, false)) END ORDER BY i.nr)::text AS r
              FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(items)}::jsonb) AS ("user" uuid, room uuid, seq bigint)) WITH ORDINALITY AS i("user", room, seq, nr)
              LEFT JOIN member p ON p.room = i.room AND p.user_id = i."user" AND p.role IS NOT NULL AND p.floor < i.seq
              LEFT JOIN message m ON m.room = i.room AND m.seq = i.seq AND NOT m.deleted AND m.text IS NOT NULL
              LEFT JOIN user_state r ON r.user_id = i."user" AND r.key = 'read:' || i.room
              LEFT JOIN user_state q ON q.user_id = i."user" AND q.key = 'mute:' || i.room`,
        ),
});
