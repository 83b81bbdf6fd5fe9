// The log of changes is the whole truth: folding it gives the very members, roles and counters that the database holds, whatever raced.
import type { Role, RoomCommand } from '@parley/protocol';
import fc from 'fast-check';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createOutbox } from '../src/store/outbox.ts';
import { openDatabase } from '../src/store/store-database.ts';
import { startWorld, until, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

type Change = Extract<RoomCommand, { type: 'room.change' }>;

function fold(changes: readonly Change[]): { roles: Record<string, Role>; archived: boolean; name: string | null } {
  const state = { roles: {} as Record<string, Role>, archived: false, name: null as string | null };
  for (const { change } of changes) {
    if (change.type === 'room.created' || change.type === 'room.renamed') state.name = change.body.name;
    if (change.type === 'room.archived') state.archived = true;
    if (change.type === 'room.restored') state.archived = false;
    if (change.type === 'member.joined' || change.type === 'member.role_changed') state.roles[change.body.user] = change.body.role;
    if (change.type === 'member.left' || change.type === 'member.removed') delete state.roles[change.body.user];
  }
  return state;
}

async function stored(room: string) {
  const client = new pg.Client({ ...world.database });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT user_id, role FROM memberships WHERE room_id = $1', [room]);
    const { rows: rooms } = await client.query('SELECT name, archived, mver, members, owners FROM rooms WHERE id = $1', [room]);
    return { roles: Object.fromEntries(rows.map((row) => [row.user_id, row.role])), ...rooms[0] };
  } finally {
    await client.end();
  }
}

const person = fc.nat(4);
const call = fc.oneof(
  fc.record({ by: person, method: fc.constant('POST' as const), path: fc.constantFrom('/join', '/leave') }),
  fc.record({ by: person, method: fc.constant('POST' as const), path: fc.constant('/members'), users: fc.array(person, { minLength: 1, maxLength: 3 }) }),
  fc.record({ by: person, method: fc.constant('DELETE' as const), of: person }),
  fc.record({ by: person, method: fc.constant('PUT' as const), of: person, role: fc.constantFrom<Role>('owner', 'admin', 'member') }),
  fc.record({
    by: person,
    method: fc.constant('PATCH' as const),
    body: fc.record({ name: fc.constantFrom('a', 'b'), archived: fc.boolean() }, { requiredKeys: [] }),
  }),
);

it('folds to what the database holds after any race of calls', async () => {
  const people = world.people.slice(0, 5);
  const owner = people[0] as string;
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 25 }), async (calls) => {
      const { body } = await world.as(owner)('POST', '/api/rooms', { kind: 'channel', name: 'a', members: people.slice(1, 3) });
      const room = body.room;
      const answers = await Promise.all(
        calls.map((one) => {
          const to = 'of' in one ? `/members/${people[one.of]}` : 'path' in one ? one.path : '';
          const payload =
            'users' in one ? { users: one.users.map((index) => people[index]) } : 'role' in one ? { role: one.role } : 'body' in one ? one.body : undefined;
          return world.as(people[one.by] as string)(one.method, `/api/rooms/${room}${to}`, payload);
        }),
      );
      for (const answer of answers) expect([200, 202, 403, 404, 409]).toContain(answer.status);
      const truth = await stored(room);
      await until('all is in the log', () => (world.messages.applied.get(room)?.length ?? 0) >= truth.mver);
      const folded = fold(world.messages.changesOf(room));
      const roles = Object.values(folded.roles);
      expect(truth).toEqual({
        ...folded,
        mver: world.messages.applied.get(room)?.length,
        members: roles.length,
        owners: roles.filter((role) => role === 'owner').length,
      });
      // Somebody can always restore, promote and invite, unless nobody is left.
      expect(roles.length === 0 ? folded.archived : truth.owners > 0).toBe(true);
    }),
    { numRuns: process.env.PARLEY_RELEASE === '1' ? 300 : 15 },
  );
}, 120_000);

it('keeps a row unrelayed that was asked for again while it was being sent', async () => {
  const { body } = await world.as(world.people[0] as string)('POST', '/api/rooms', { kind: 'channel', name: 'a' });
  await world.service.stop();
  const db = openDatabase(world.database);
  const outbox = createOutbox(db);
  await outbox.resend(body.room, 0);
  const sent = await outbox.unrelayed(10);
  expect(sent).toHaveLength(2);
  await outbox.resend(body.room, 1);
  await outbox.markRelayed(sent);
  expect((await outbox.unrelayed(10)).map((row) => row.id)).toEqual([sent[1]?.id]);
  await db.$disconnect();
});
