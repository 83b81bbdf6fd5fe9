// A person is erased: they leave every room, and no room is left without an owner.
import type { Role } from '@parley/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, until, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

/** People of this test alone. */
let used = 0;
const somebody = (): string => world.people[used++] as string;

async function roomOf(owner: string, members: readonly string[], roles: Readonly<Record<string, Role>> = {}): Promise<string> {
  const made = await world.as(owner)('POST', '/api/rooms', { kind: 'channel', name: 'a room', members });
  expect(made.status).toBe(200);
  for (const [user, role] of Object.entries(roles)) {
    expect((await world.as(owner)('PUT', `/api/rooms/${made.body.room}/members/${user}`, { role })).status).toBe(200);
  }
  return made.body.room;
}

const eraseWhole = async (user: string): Promise<void> => {
  while (!(await world.erase(user)));
};
/** What the log says of the room from change number `after` on. */
const changesAfter = async (room: string, after: number, count: number) => {
  await until('the changes are in the log', () => world.messages.changesOf(room).length >= after + count);
  return world.messages
    .changesOf(room)
    .slice(after)
    .map(({ change }) => change);
};

test('Who is one of many leaves, and the room stays as it is.', async () => {
  const [owner, gone] = [somebody(), somebody()];
  const room = await roomOf(owner, [gone]);
  await eraseWhole(gone);
  expect(await changesAfter(room, 3, 1)).toEqual([{ type: 'member.left', body: { user: gone } }]);
});

test('When the last owner goes, the admin who came first becomes owner, before older members.', async () => {
  const [owner, early, admin, laterAdmin] = [somebody(), somebody(), somebody(), somebody()];
  const room = await roomOf(owner, [early, admin, laterAdmin], { [laterAdmin]: 'admin', [admin]: 'admin' });
  await eraseWhole(owner);
  expect(await changesAfter(room, 7, 2)).toEqual([
    { type: 'member.role_changed', body: { user: admin, role: 'owner' } },
    { type: 'member.left', body: { user: owner } },
  ]);
});

test('Without admins the member who has been there longest becomes owner; one who left and came back is new.', async () => {
  const [owner, returned, steady] = [somebody(), somebody(), somebody()];
  const room = await roomOf(owner, [returned, steady]);
  expect((await world.as(returned)('POST', `/api/rooms/${room}/leave`)).status).toBe(200);
  expect((await world.as(owner)('POST', `/api/rooms/${room}/members`, { users: [returned] })).status).toBe(200);
  await eraseWhole(owner);
  expect((await changesAfter(room, 6, 2))[0]).toEqual({ type: 'member.role_changed', body: { user: steady, role: 'owner' } });
});

test('With another owner nobody is promoted; alone in the room, it is archived behind them.', async () => {
  const [owner, second] = [somebody(), somebody()];
  const room = await roomOf(owner, [second], { [second]: 'owner' });
  await eraseWhole(owner);
  expect(await changesAfter(room, 4, 1)).toEqual([{ type: 'member.left', body: { user: owner } }]);
  await eraseWhole(second);
  expect(await changesAfter(room, 5, 2)).toEqual([
    { type: 'room.archived', body: {} },
    { type: 'member.left', body: { user: second } },
  ]);
});

test('A direct room keeps its two people and is archived.', async () => {
  const [gone, other] = [somebody(), somebody()];
  const room = (await world.as(gone)('POST', '/api/direct', { user: other })).body.room;
  await eraseWhole(gone);
  expect(await changesAfter(room, 3, 1)).toEqual([{ type: 'room.archived', body: {} }]);
  await eraseWhole(other);
  expect(await world.erase(gone)).toBe(true);
  expect(world.messages.changesOf(room)).toHaveLength(4);
});

test('More rooms than one call takes need several, and a call that comes again changes nothing more.', async () => {
  const [owner, gone] = [somebody(), somebody()];
  const rooms = await Promise.all(Array.from({ length: 53 }, () => roomOf(owner, [gone])));
  expect(await world.erase(gone)).toBe(false);
  expect(await world.erase(gone)).toBe(true);
  await until('all are left', () => rooms.every((room) => world.messages.changesOf(room).length === 4));
  expect(await world.erase(gone)).toBe(true);
  expect((await world.as(gone)('GET', `/api/rooms/${rooms[0]}/invitations`)).body.error.code).toBe('not_member');
});
