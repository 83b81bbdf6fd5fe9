// Devices whose session ended are forgotten, in one transaction with the offset of session.event.
import type { SessionEvent } from '@parley/protocol';
import type { Database } from './store-database.ts';
import { type LogStretch, moveOffset } from './store-events.ts';

export interface SessionStore {
  /**
   * The offset to go on from. session.event is kept for an hour: when some of it is gone unread (or the log is another one), nobody knows which
   * sessions ended, so every device is forgotten (`missed`); a browser subscribes anew when it is next used.
   */
  begin(topic: string, partition: number, logId: string, from: number): Promise<{ readonly next: number; readonly missed: boolean }>;
  /** Throws Fenced when somebody else moved the offset. */
  apply(stretch: LogStretch, ended: readonly SessionEvent[]): Promise<void>;
}

export const createSessionStore = (db: Database): SessionStore => ({
  begin: (topic, partition, logId, from) =>
    db.$transaction(async (tx) => {
      const where = { topic_partition: { topic, partition } };
      await tx.logOffset.createMany({ data: [{ topic, partition, logId, next: BigInt(from) }], skipDuplicates: true });
      const row = await tx.logOffset.findUniqueOrThrow({ where });
      if (row.logId === logId && row.next >= from) return { next: Number(row.next), missed: false };
      await tx.device.deleteMany({});
      await tx.logOffset.update({ where, data: { logId, next: BigInt(from) } });
      return { next: from, missed: true };
    }),
  apply: (stretch, ended) =>
    db.$transaction(async (tx) => {
      await moveOffset(tx, stretch);
      for (const event of ended) {
        if (event.type === 'session.revoked') await tx.device.deleteMany({ where: { sessionId: event.session } });
        // A device that was named later was named by a session that began later, or by one that is excepted.
        else {
          const kept = event.except === null ? {} : { NOT: { sessionId: event.except } };
          await tx.device.deleteMany({ where: { userId: event.user, createdMs: { lte: BigInt(event.time) }, ...kept } });
        }
      }
    }),
});
