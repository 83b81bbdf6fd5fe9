// Takes an erased person out of their rooms, each room in a transaction of its own: whoever dies in between, the rest is done the next time.
import { eraseMember } from '../changes/erase-member.ts';
import { lockRoom, writeChanges } from './store-changes.ts';
import { type Database, orUnavailable, type Transaction } from './store-database.ts';

export interface ErasureStore {
  /** Takes the person out of at most `limit` rooms. `changed`: something went to the outbox; `done`: there is no room left to leave. */
  erase(user: string, limit: number, time: number): Promise<{ readonly changed: boolean; readonly done: boolean }>;
}

export const createErasureStore = (db: Database): ErasureStore => ({
  erase: (user, limit, time) =>
    orUnavailable(async () => {
      const places = await db.membership.findMany({
        where: { userId: user, NOT: { room: { kind: 'direct', archived: true } } },
        orderBy: { roomId: 'asc' },
        take: limit + 1,
      });
      for (const { roomId } of places.slice(0, limit)) {
        await db.$transaction(async (tx) => {
          // The heir is chosen under the room's lock, and roles are read under it again.
          await lockRoom(tx, roomId, []);
          const heir = await findHeir(tx, roomId, user);
          const room = await lockRoom(tx, roomId, heir === null ? [user] : [user, heir]);
          await writeChanges(tx, room, user, eraseMember(user, heir)(room), time);
        });
      }
      if (places.length <= limit) await db.invitation.deleteMany({ where: { createdBy: user } });
      return { changed: places.length > 0, done: places.length <= limit };
    }),
});

/** Another owner, else the admin who joined first, else the member who did. */
async function findHeir(tx: Transaction, room: string, user: string): Promise<string | null> {
  const [heir] = await tx.$queryRaw<{ user_id: string }[]>`
    WITH joined AS (
      SELECT command->'change'->'body'->>'user' AS user_id, max(mver) AS mver FROM outbox
       WHERE room_id = ${room}::uuid AND command->'change'->>'type' = 'member.joined' GROUP BY 1)
    SELECT m.user_id::text FROM memberships m LEFT JOIN joined j ON j.user_id = m.user_id::text
     WHERE m.room_id = ${room}::uuid AND m.user_id <> ${user}::uuid
     ORDER BY m.role = 'owner' DESC, m.role = 'admin' DESC, j.mver NULLS LAST, m.user_id LIMIT 1`;
  return heir?.user_id ?? null;
}
