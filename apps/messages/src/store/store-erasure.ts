// What the erasure of a person asks of the database.
import type { Store } from './store.ts';
import { type Database, jsonOf } from './store-database.ts';

type Found = { room: string; seq: number }[];

export const createSqlErasure = (db: Database): Pick<Store, 'authored' | 'forgetUser'> => ({
  async authored(author, limit) {
    // Results are keyed by room and author, so rooms that they were ever in are looked through without reading others' messages.
    const inRooms = jsonOf<{ messages: Found | null; active: boolean }>(
      await db.$queryRaw`
        SELECT json_build_object(
          'messages', (SELECT json_agg(x) FROM (
            SELECT m.room, m.seq FROM member p
              JOIN result r ON r.room = p.room AND r.author = p.user_id AND r.status = 'committed'
              JOIN message m ON m.room = r.room AND m.seq = r.seq AND m.author = p.user_id AND NOT m.deleted
             WHERE p.user_id = ${author}::uuid LIMIT ${limit}) AS x),
          'active', EXISTS (SELECT 1 FROM member p JOIN room t ON t.room = p.room WHERE p.user_id = ${author}::uuid AND p.role IS NOT NULL AND NOT t.archived))::text AS r`,
    );
    if (inRooms.messages) return { messages: inRooms.messages, active: inRooms.active };
    // Imported messages have authors who were never members. This reads the whole table, once or twice for an erasure.
    const anywhere = await db.$queryRaw<{ room: string; seq: bigint }[]>`
      SELECT room::text, seq FROM message WHERE author = ${author}::uuid AND NOT deleted LIMIT ${limit}`;
    return { messages: anywhere.map(({ room, seq }) => ({ room, seq: Number(seq) })), active: inRooms.active };
  },
  async forgetUser(user) {
    await db.userState.deleteMany({ where: { userId: user } });
  },
});
