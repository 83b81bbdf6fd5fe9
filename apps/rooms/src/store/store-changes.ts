// The statements of a change: lock the room, read roles, write the projection and the outbox. Only inside a caller's transaction.
import type { History, Role, RoomChange, RoomCommand, RoomKind, Visibility } from '@parley/protocol';
import { applyChanges } from '../changes/apply.ts';
import { noSuchRoom, type RoomView } from '../changes/room-view.ts';
import type { Database, Transaction } from './store-database.ts';

/** What became of a request: the room's last mver, and whether this request moved it. */
export interface Changed {
  readonly room: string;
  readonly mver: number;
  readonly changed: boolean;
}

interface RoomRow {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
  readonly topic: string;
  readonly visibility: string;
  readonly history: string;
  readonly archived: boolean;
  readonly mver: number;
  readonly members: number;
  readonly owners: number;
}

// The table's CHECK constraints allow nothing else than the protocol's words.
export const viewOf = (row: RoomRow, roles: ReadonlyMap<string, Role>): RoomView => ({
  id: row.id,
  kind: row.kind as RoomKind,
  name: row.name,
  topic: row.topic,
  visibility: row.visibility as Visibility,
  history: row.history as History,
  archived: row.archived,
  mver: row.mver,
  members: row.members,
  owners: row.owners,
  roles,
});

export async function readRoles(db: Database | Transaction, room: string, people: readonly string[]): Promise<ReadonlyMap<string, Role>> {
  if (people.length === 0) return new Map();
  const rows = await db.membership.findMany({ where: { roomId: room, userId: { in: [...new Set(people)] } } });
  return new Map(rows.map((row) => [row.userId, row.role as Role]));
}

/** Waits for the room's row lock; the roles are read under it. Throws not_found. */
export async function lockRoom(tx: Transaction, room: string, people: readonly string[]): Promise<RoomView> {
  const [row] = await tx.$queryRaw<RoomRow[]>`
    SELECT id, kind, name, topic, visibility, history, archived, mver, members, owners FROM rooms WHERE id = ${room}::uuid FOR UPDATE`;
  if (row === undefined) throw noSuchRoom();
  return viewOf(row, await readRoles(tx, row.id, people));
}

/** Inserts the room as `room.created` describes it. false: its direct key (or, for #welcome, its place) is taken. */
export async function makeRoom(
  tx: Transaction,
  room: string,
  changes: readonly RoomChange[],
  key: string | null,
  { welcome = false }: { welcome?: boolean } = {},
): Promise<boolean> {
  const [created] = changes;
  if (created?.type !== 'room.created') throw new Error('The first change of a room is room.created.');
  const { count } = await tx.room.createMany({ data: [{ id: room, ...created.body, directKey: key, welcome }], skipDuplicates: true });
  return count === 1;
}

/** One change by its author. */
export interface Authored {
  readonly author: string;
  readonly change: RoomChange;
}

export const writeChanges = (tx: Transaction, room: RoomView, author: string, changes: readonly RoomChange[], time: number): Promise<Changed> =>
  writeAuthored(
    tx,
    room,
    changes.map((change) => ({ author, change })),
    time,
  );

/** Needs the room's row lock: it gives the next mvers. */
export async function writeAuthored(tx: Transaction, room: RoomView, entries: readonly Authored[], time: number): Promise<Changed> {
  if (entries.length === 0) return { room: room.id, mver: room.mver, changed: false };
  const { room: after, touched } = applyChanges(
    room,
    entries.map((entry) => entry.change),
  );
  await writeMemberships(tx, room, touched);
  const { name, topic, archived, mver, members, owners } = after;
  await tx.room.update({ where: { id: room.id }, data: { name, topic, archived, mver, members, owners } });
  await writeOutbox(
    tx,
    entries.map(({ author, change }, index): RoomCommand => ({ v: 1, type: 'room.change', room: room.id, mver: room.mver + index + 1, author, time, change })),
  );
  return { room: room.id, mver, changed: true };
}

async function writeMemberships(tx: Transaction, room: RoomView, touched: ReadonlyMap<string, Role | null>): Promise<void> {
  const joined: { roomId: string; userId: string; role: string }[] = [];
  const gone: string[] = [];
  for (const [userId, role] of touched) {
    if (role === null) gone.push(userId);
    else if (!room.roles.has(userId)) joined.push({ roomId: room.id, userId, role });
    else await tx.membership.update({ where: { roomId_userId: { roomId: room.id, userId } }, data: { role } });
  }
  if (gone.length > 0) await tx.membership.deleteMany({ where: { roomId: room.id, userId: { in: gone } } });
  if (joined.length > 0) await tx.membership.createMany({ data: joined });
}

/** In this order: ids are given in the order of the rows, and the room's lock keeps others out until the commit. */
export async function writeOutbox(tx: Transaction, commands: readonly RoomCommand[]): Promise<void> {
  await tx.outbox.createMany({
    data: commands.map((command) => ({ roomId: command.room, mver: command.type === 'room.change' ? command.mver : null, command })),
  });
}
