// Rows of people: made once, changed under their own lock.
import { ParleyError, type Person } from '@parley/protocol';
import { type Database, guard, type Transaction } from './store.ts';

export type Role = 'owner' | 'member';
type PersonShape = { id: string; handle: string; name: string; ver: number; bot: boolean };

/** What others may see of a person. */
export const asPerson = ({ id, handle, name, ver, bot }: PersonShape): Person => ({ id, handle, name, ver, bot });

export interface NewPerson {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly role: Role;
  readonly createdAt: number;
}

/** Throws ParleyError('handle_taken'). */
export async function insertPerson(tx: Transaction, person: NewPerson): Promise<Person> {
  const made = await tx.person.createMany({ data: [{ ...person, createdAt: BigInt(person.createdAt) }], skipDuplicates: true });
  if (made.count === 0) throw new ParleyError('handle_taken');
  return asPerson({ ...person, ver: 1, bot: false });
}

export interface SignInRow {
  readonly person: Person;
  readonly role: Role;
  readonly passwordHash: string | null;
  /** The saga that erases them; null: they are here. */
  readonly erasure: string | null;
}

export async function findByHandle(database: Database, handle: string): Promise<SignInRow | null> {
  const row = await guard(() => database.person.findUnique({ where: { handle: handle.toLowerCase() } }));
  return row && { person: asPerson(row), role: row.role as Role, passwordHash: row.passwordHash, erasure: row.erasure };
}

export async function findPerson(database: Database, id: string): Promise<SignInRow | null> {
  const row = await guard(() => database.person.findUnique({ where: { id } }));
  return row && { person: asPerson(row), role: row.role as Role, passwordHash: row.passwordHash, erasure: row.erasure };
}

/** Every change of a person's sessions takes this lock first, so that two of them never wait for each other. */
export async function lockPerson(tx: Transaction, id: string): Promise<SignInRow | null> {
  await tx.$queryRaw`SELECT 1 FROM person WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const row = await tx.person.findUnique({ where: { id } });
  return row && { person: asPerson(row), role: row.role as Role, passwordHash: row.passwordHash, erasure: row.erasure };
}

export async function setPasswordHash(tx: Transaction, id: string, passwordHash: string): Promise<void> {
  await tx.person.update({ where: { id }, data: { passwordHash } });
}

export async function setName(tx: Transaction, id: string, name: string): Promise<Person> {
  return asPerson(await tx.person.update({ where: { id }, data: { name, ver: { increment: 1 } } }));
}

export async function peopleByIds(database: Database, ids: readonly string[]): Promise<Person[]> {
  const rows = await guard(() => database.person.findMany({ where: { id: { in: [...ids] } } }));
  return rows.map(asPerson);
}

/** By id or by handle; unknown ones are left out. */
export async function peopleByIdsOrHandles(database: Database, ids: readonly string[], handles: readonly string[]): Promise<Person[]> {
  const rows = await guard(() => database.person.findMany({ where: { OR: [{ id: { in: [...ids] } }, { handle: { in: [...handles] } }] } }));
  return rows.map(asPerson);
}

export async function knownIds(database: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await guard(() => database.person.findMany({ where: { id: { in: [...ids] } }, select: { id: true } }));
  return rows.map((row) => row.id);
}

/** Whose handle or name begins with `prefix`, without case, by handle. */
export async function peopleByPrefix(database: Database, prefix: string, limit: number): Promise<Person[]> {
  const pattern = `${prefix.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await guard(
    () => database.$queryRaw<PersonShape[]>`
      SELECT id, handle, name, ver, bot FROM person WHERE handle LIKE ${pattern} OR lower(name) LIKE ${pattern} ORDER BY handle LIMIT ${limit}`,
  );
  return rows.map(asPerson);
}

/** Makes those that are not there, and answers all of these handles, in any order. */
export async function importPeople(database: Database, people: readonly { id: string; handle: string; name: string }[], now: number): Promise<Person[]> {
  await guard(() => database.person.createMany({ data: people.map((person) => ({ ...person, createdAt: BigInt(now) })), skipDuplicates: true }));
  const rows = await guard(() => database.person.findMany({ where: { handle: { in: people.map((person) => person.handle) } } }));
  return rows.map(asPerson);
}
