// The outbox as the relay and messages' gap repair need it. Rows are kept for ever: a room's changes can be asked for again.
import { type Database, orUnavailable } from './store-database.ts';

export interface OutboxRow {
  readonly id: bigint;
  readonly room: string;
  /** As it was written, a RoomCommand; whoever reads the log judges it. One odd row must not stop all rooms here. */
  readonly command: unknown;
  readonly resends: number;
}

export interface Outbox {
  /** The oldest rows that are not known to be in the log, in the order in which they were written; each room's are contiguous. */
  unrelayed(limit: number): Promise<readonly OutboxRow[]>;
  /** They are in the log. A row that was asked for again meanwhile stays unrelayed. */
  markRelayed(rows: readonly OutboxRow[]): Promise<void>;
  /** How many wait for the log. */
  waiting(): Promise<number>;
  /** The room's changes after `mver` go through the relay once more. */
  resend(room: string, after: number): Promise<void>;
}

export function createOutbox(db: Database): Outbox {
  return {
    unrelayed: (limit) =>
      orUnavailable(async () => {
        const rows = await db.outbox.findMany({ where: { relayed: false }, orderBy: { id: 'asc' }, take: limit });
        return rows.map(({ id, roomId, command, resends }) => ({ id, room: roomId, command, resends }));
      }),
    markRelayed: (rows) =>
      orUnavailable(async () => {
        await db.$executeRaw`
          UPDATE outbox SET relayed = true
          FROM unnest(${rows.map((row) => row.id)}::bigint[], ${rows.map((row) => row.resends)}::int[]) AS sent (id, resends)
          WHERE outbox.id = sent.id AND outbox.resends = sent.resends`;
      }),
    waiting: () => orUnavailable(() => db.outbox.count({ where: { relayed: false } })),
    resend: (room, after) =>
      orUnavailable(async () => {
        // Imports of the room that lie after the change go too: messages drops what it has by client id.
        await db.$executeRaw`
          UPDATE outbox SET relayed = false, resends = resends + 1
          WHERE room_id = ${room}::uuid AND id >= (SELECT id FROM outbox WHERE room_id = ${room}::uuid AND mver = ${after + 1})`;
      }),
  };
}
