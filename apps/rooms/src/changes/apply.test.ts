// What a room is after its changes, against a recount from scratch over random lives of a room.
import type { Role, RoomChange } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChanges, unborn } from './apply.ts';
import { createRoom } from './create-room.ts';
import { directKey, openDirect } from './open-direct.ts';

const PEOPLE = Array.from({ length: 6 }, (_, index) => `00000000-0000-7000-8000-00000000000${index}`);
const person = fc.constantFrom(...PEOPLE);
const role = fc.constantFrom<Role>('owner', 'admin', 'member');
const change = fc.oneof<fc.Arbitrary<RoomChange>[]>(
  fc.record({ type: fc.constant('member.joined' as const), body: fc.record({ user: person, role }) }),
  fc.record({ type: fc.constant('member.role_changed' as const), body: fc.record({ user: person, role }) }),
  fc.record({ type: fc.constant('member.left' as const), body: fc.record({ user: person }) }),
  fc.record({ type: fc.constant('member.removed' as const), body: fc.record({ user: person }) }),
  fc.record({ type: fc.constant('room.renamed' as const), body: fc.record({ name: fc.string() }) }),
  fc.constant<RoomChange>({ type: 'room.archived', body: {} }),
  fc.constant<RoomChange>({ type: 'room.restored', body: {} }),
);

describe('applyChanges', () => {
  it('keeps both counters equal to a recount of the roles, and mver dense', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const { room } = applyChanges(unborn('r'), changes);
        expect(room.members).toBe(room.roles.size);
        expect(room.owners).toBe([...room.roles.values()].filter((held) => held === 'owner').length);
        expect(room.mver).toBe(changes.length);
      }),
    );
  });

  it('is the same whether changes come in one request or in several', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.nat(30), (changes, cut) => {
        const first = applyChanges(unborn('r'), changes.slice(0, cut)).room;
        expect(applyChanges(first, changes.slice(cut)).room).toEqual(applyChanges(unborn('r'), changes).room);
      }),
    );
  });
});

describe('a new room', () => {
  const [creator, one, two] = PEOPLE as [string, string, string];
  it('begins with room.created, then its owner, then each named person once', () => {
    const changes = createRoom({ kind: 'group', name: ' friends ', members: [one, creator, two, one] }, creator);
    expect(changes[0]).toEqual({ type: 'room.created', body: { kind: 'group', name: 'friends', topic: '', visibility: 'private', history: 'all' } });
    expect(changes.slice(1).map((made) => made.body)).toEqual([
      { user: creator, role: 'owner' },
      { user: one, role: 'member' },
      { user: two, role: 'member' },
    ]);
  });

  it('is refused when its name is blank, or when a group is to be public', () => {
    expect(() => createRoom({ kind: 'channel', name: '  ' }, creator)).toThrow('blank');
    expect(() => createRoom({ kind: 'group', name: 'x', visibility: 'public' }, creator)).toThrow('private');
  });

  it('between two people has the same key whoever asks, and one member when it is with oneself', () => {
    expect(directKey(one, two)).toBe(directKey(two, one.toUpperCase()));
    expect(directKey(one, two)).not.toBe(directKey(one, one));
    expect(openDirect(two, one)).toEqual(openDirect(one, two));
    expect(openDirect(one, one).filter((made) => made.type === 'member.joined')).toHaveLength(1);
  });
});
