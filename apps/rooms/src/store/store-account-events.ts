// Applies account.event once: the offset moves in the transaction of the effects, and each newcomer is remembered.
import { Fenced } from '@parley/ports';
import type { RoomChange, RoomCommand } from '@parley/protocol';
import type { RoomView } from '../changes/room-view.ts';
import { lockRoom, makeRoom, readRoles, writeAuthored, writeChanges, writeOutbox } from './store-changes.ts';
import type { Database, Transaction } from './store-database.ts';

/** A stretch of one partition: after it the next offset is `next`. */
export interface LogStretch {
  readonly topic: string;
  readonly partition: number;
  readonly logId: string;
  readonly expected: number;
  readonly next: number;
}

/** The room that the owner's account brings. */
export interface WelcomeRoom {
  readonly id: string;
  readonly owner: string;
  readonly time: number;
  readonly changes: readonly RoomChange[];
  readonly messages: readonly RoomCommand[];
}

export interface AccountEventStore {
  /** The offset to go on from; `from` at the first time. Throws when the log is not the one that was read before. */
  position(topic: string, partition: number, logId: string, from: number): Promise<number>;
  /** Throws Fenced when somebody else moved the offset. Answers whether anything went to the outbox. */
  apply(stretch: LogStretch, newcomers: readonly string[], welcome: WelcomeRoom | null, time: number): Promise<boolean>;
}

export function createAccountEventStore(db: Database): AccountEventStore {
  return {
    async position(topic, partition, logId, from) {
      await db.logOffset.createMany({ data: [{ topic, partition, logId, next: BigInt(from) }], skipDuplicates: true });
      const row = await db.logOffset.findUniqueOrThrow({ where: { topic_partition: { topic, partition } } });
      if (row.logId !== logId) throw new Error(`The log of ${topic} is ${logId}, but rooms has read ${row.logId}: it is another log.`);
      return Number(row.next);
    },
    apply: (stretch, newcomers, welcome, time) =>
      db.$transaction(async (tx) => {
        await moveOffset(tx, stretch);
        const made = welcome !== null && (await makeWelcome(tx, welcome));
        const joined = await welcomeNewcomers(tx, newcomers, time);
        return made || joined;
      }),
  };
}

async function moveOffset(tx: Transaction, { topic, partition, logId, expected, next }: LogStretch): Promise<void> {
  const { count } = await tx.logOffset.updateMany({ where: { topic, partition, logId, next: BigInt(expected) }, data: { next: BigInt(next) } });
  if (count !== 1) throw new Fenced(`Somebody else has read ${topic} beyond ${expected}.`);
}

async function makeWelcome(tx: Transaction, { id, owner, time, changes, messages }: WelcomeRoom): Promise<boolean> {
  if (!(await makeRoom(tx, id, changes, null, { welcome: true }))) return false;
  await writeChanges(tx, await lockRoom(tx, id, []), owner, changes, time);
  await writeOutbox(tx, messages);
  return true;
}

/** Those who came before the room did wait in the table; they join when it is there. */
async function welcomeNewcomers(tx: Transaction, newcomers: readonly string[], time: number): Promise<boolean> {
  if (newcomers.length > 0) await tx.newcomer.createMany({ data: newcomers.map((userId) => ({ userId, welcomed: false })), skipDuplicates: true });
  const there = await tx.room.findFirst({ where: { welcome: true }, select: { id: true } });
  if (there === null) return false;
  const waiting = await tx.newcomer.findMany({ where: { welcomed: false } });
  if (waiting.length === 0) return false;
  await tx.newcomer.updateMany({ where: { welcomed: false }, data: { welcomed: true } });
  const order = new Map(newcomers.map((user, index) => [user, index]));
  const people = waiting.map((row) => row.userId).sort((a, b) => (order.get(a) ?? -1) - (order.get(b) ?? -1));
  const room: RoomView = await lockRoom(tx, there.id, []);
  const roles = await readRoles(tx, room.id, people);
  if (room.archived) return false;
  const entries = people
    .filter((user) => !roles.has(user))
    .map((user) => ({ author: user, change: { type: 'member.joined', body: { user, role: 'member' } } satisfies RoomChange }));
  return (await writeAuthored(tx, room, entries, time)).changed;
}
