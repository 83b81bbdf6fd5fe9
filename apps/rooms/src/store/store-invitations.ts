// Invitations in Postgres. A use is counted in the transaction of the join, under the room's row lock: it is never spent twice.
import { ParleyError } from '@parley/protocol';
import type { Decide } from '../changes/room-view.ts';
import { type Changed, lockRoom, writeChanges } from './store-changes.ts';
import { type Database, orUnavailable } from './store-database.ts';

/** Times in ms since 1970. */
export interface InvitationRow {
  readonly code: string;
  readonly room: string;
  readonly usesLeft: number;
  readonly expiresAt: number;
}

export interface InvitationStore {
  add(invitation: InvitationRow, createdBy: string): Promise<void>;
  /** Those of the room that still work at `now`. */
  list(room: string, now: number): Promise<readonly InvitationRow[]>;
  /** false: the room has no such invitation. */
  remove(room: string, code: string): Promise<boolean>;
  /** Joins and counts the use, or does neither. Throws invitation_invalid or what `decide` throws. */
  accept(code: string, caller: string, decide: Decide, now: number): Promise<Changed>;
}

const invalid = (): ParleyError => new ParleyError('invitation_invalid');

export function createInvitationStore(db: Database): InvitationStore {
  return {
    add: ({ code, room, usesLeft, expiresAt }, createdBy) =>
      orUnavailable(async () => {
        await db.invitation.create({ data: { code, roomId: room, createdBy, usesLeft, expiresAt: new Date(expiresAt) } });
      }),
    list: (room, now) =>
      orUnavailable(async () => {
        const rows = await db.invitation.findMany({
          where: { roomId: room, usesLeft: { gt: 0 }, expiresAt: { gt: new Date(now) } },
          orderBy: [{ expiresAt: 'asc' }, { code: 'asc' }],
        });
        return rows.map((row) => ({ code: row.code, room: row.roomId, usesLeft: row.usesLeft, expiresAt: row.expiresAt.getTime() }));
      }),
    remove: (room, code) => orUnavailable(async () => (await db.invitation.deleteMany({ where: { roomId: room, code } })).count === 1),
    accept: (code, caller, decide, now) =>
      orUnavailable(() =>
        db.$transaction(async (tx) => {
          const invitation = await tx.invitation.findUnique({ where: { code } });
          if (invitation === null) throw invalid();
          const room = await lockRoom(tx, invitation.roomId, [caller]);
          const changes = decide(room);
          const { count } = await tx.invitation.updateMany({
            where: { code, usesLeft: { gt: 0 }, expiresAt: { gt: new Date(now) } },
            data: { usesLeft: { decrement: 1 } },
          });
          if (count === 0) throw invalid();
          return writeChanges(tx, room, caller, changes, now);
        }),
      ),
  };
}
