// Rooms and memberships in Postgres. Every change runs under the room's row lock and leaves its outbox rows in the same transaction.

import type { RoomChange } from '@parley/protocol';
import { directKey } from '../changes/open-direct.ts';
import { type Decide, noSuchRoom, type RoomView } from '../changes/room-view.ts';
import { type Changed, lockRoom, makeRoom, readRoles, viewOf, writeChanges } from './store-changes.ts';
import { type Database, orUnavailable } from './store-database.ts';

export interface PublicRoom {
  readonly room: string;
  readonly name: string;
  readonly topic: string;
  readonly members: number;
  readonly joined: boolean;
}

export interface RoomStore {
  /** Makes the room; the first change is `room.created`. One that is there already stays as it is. */
  create(room: string, author: string, changes: readonly RoomChange[], time: number): Promise<Changed>;
  /** The direct room of the two: made with these changes under the id `room`, or the one that is there. */
  openDirect(room: string, author: string, other: string, changes: readonly RoomChange[], time: number): Promise<Changed>;
  /** Locks the room, lets `decide` look at it with the roles of author and `people`, and writes what it answers. Throws what it throws. */
  change(room: string, author: string, people: readonly string[], decide: Decide, time: number): Promise<Changed>;
  /** The room with the roles of these people. Throws not_found. */
  read(room: string, people: readonly string[]): Promise<RoomView>;
  /** Channels that anybody may join, the largest first. */
  publicRooms(caller: string, query: string, limit: number): Promise<readonly PublicRoom[]>;
}

export function createStore(db: Database): RoomStore {
  return {
    create: (room, author, changes, time) =>
      orUnavailable(() =>
        db.$transaction(async (tx) => {
          if (!(await makeRoom(tx, room, changes, null))) return { room, mver: 0, changed: false };
          return writeChanges(tx, await lockRoom(tx, room, []), author, changes, time);
        }),
      ),
    openDirect: (room, author, other, changes, time) =>
      orUnavailable(() =>
        db.$transaction(async (tx) => {
          const key = directKey(author, other);
          // A racer waits here for the other's commit, then finds the row.
          if (await makeRoom(tx, room, changes, key)) return writeChanges(tx, await lockRoom(tx, room, []), author, changes, time);
          const there = await tx.room.findUniqueOrThrow({ where: { directKey: key } });
          return { room: there.id, mver: there.mver, changed: false };
        }),
      ),
    change: (room, author, people, decide, time) =>
      orUnavailable(() =>
        db.$transaction(async (tx) => {
          const view = await lockRoom(tx, room, [author, ...people]);
          return writeChanges(tx, view, author, decide(view), time);
        }),
      ),
    read: (room, people) =>
      orUnavailable(async () => {
        const row = await db.room.findUnique({ where: { id: room } });
        if (row === null) throw noSuchRoom();
        return viewOf(row, await readRoles(db, row.id, people));
      }),
    publicRooms: (caller, query, limit) => orUnavailable(() => readPublicRooms(db, caller, query, limit)),
  };
}

/** Prisma passes LIKE's own signs through. */
const literally = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

async function readPublicRooms(db: Database, caller: string, query: string, limit: number): Promise<readonly PublicRoom[]> {
  const rows = await db.room.findMany({
    where: { kind: 'channel', visibility: 'public', archived: false, ...(query === '' ? {} : { name: { contains: literally(query), mode: 'insensitive' } }) },
    orderBy: [{ members: 'desc' }, { name: 'asc' }, { id: 'asc' }],
    take: limit,
    include: { memberships: { where: { userId: caller }, select: { userId: true } } },
  });
  return rows.map((row) => ({ room: row.id, name: row.name ?? '', topic: row.topic, members: row.members, joined: row.memberships.length > 0 }));
}
