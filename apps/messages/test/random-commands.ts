// Runs of commands as property tests need them: few people, few ids, many collisions.
import { partitionOf, type RoomChange, type RoomCommand } from '@parley/protocol';
import fc from 'fast-check';
import { PARTITIONS } from './world.ts';

const id = (kind: string, n: number): string => `0000000${kind}-0000-7000-8000-${String(n).padStart(12, '0')}`;
export const PEOPLE = [1, 2, 3, 4].map((n) => id('a', n));
export const ROOMS = [1, 2].map((n) => id('b', n));
export const partitionOfRoom = (room: string): number => partitionOf(room, PARTITIONS);

const person = fc.constantFrom(...PEOPLE);
const clientId = fc.integer({ min: 1, max: 40 }).map((n) => id('c', n));
// Some messages are much talked about: several batches in a row must meet at them.
const target = fc.oneof({ weight: 1, arbitrary: fc.integer({ min: 0, max: 25 }) }, { weight: 1, arbitrary: fc.integer({ min: 5, max: 8 }) });
const text = fc.constantFrom('a', 'b', 'c');
const emoji = fc.constantFrom('👍', '🎉', 'constructor');
const role = fc.constantFrom('owner' as const, 'admin' as const, 'member' as const);

const created = fc.record({ kind: fc.constantFrom('group' as const, 'direct' as const), history: fc.constantFrom('all' as const, 'since_join' as const) });
const change: fc.Arbitrary<RoomChange> = fc.oneof(
  { weight: 1, arbitrary: created.map((how) => ({ type: 'room.created' as const, body: { ...how, name: 'R', topic: '', visibility: 'private' as const } })) },
  { weight: 6, arbitrary: fc.record({ user: person, role }).map((body) => ({ type: 'member.joined' as const, body })) },
  { weight: 2, arbitrary: person.map((user) => ({ type: 'member.left' as const, body: { user } })) },
  { weight: 2, arbitrary: person.map((user) => ({ type: 'member.removed' as const, body: { user } })) },
  { weight: 1, arbitrary: fc.record({ user: person, role }).map((body) => ({ type: 'member.role_changed' as const, body })) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'room.archived' as const, body: {} }, { type: 'room.restored' as const, body: {} }) },
);

const file = fc.record({ id: clientId, name: fc.constantFrom('a.png', 'b.txt'), type: fc.constant('image/png'), bytes: fc.nat(9) });
/** With files now and then; some of those say no words. */
const withFiles = <B extends { text: string }>(body: B) =>
  fc
    .tuple(fc.option(fc.array(file, { minLength: 1, maxLength: 2 }), { freq: 2 }), fc.boolean())
    .map(([files, silent]) =>
      files === null ? body : { ...body, text: silent ? '' : body.text, attachments: [...new Map(files.map((one) => [one.id, one])).values()] },
    );

type Draft =
  | { kind: 'change'; room: string; author: string; skip: number; change: RoomChange }
  | { kind: 'member'; room: string; author: string; asked: object };

const member = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ text, replyTo: fc.option(target, { freq: 4 }) })
      .chain(withFiles)
      .map((body) => ({ type: 'message.post', body })),
  },
  { weight: 2, arbitrary: fc.record({ target, text }).map((body) => ({ type: 'message.edit', body })) },
  { weight: 2, arbitrary: fc.record({ target }).map((body) => ({ type: 'message.delete', body })) },
  { weight: 1, arbitrary: fc.record({ target }).map((body) => ({ type: 'message.erase', body })) },
  { weight: 3, arbitrary: fc.record({ target, emoji }).map((body) => ({ type: 'reaction.add', body })) },
  { weight: 2, arbitrary: fc.record({ target, emoji }).map((body) => ({ type: 'reaction.remove', body })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ text, replyTo: fc.option(fc.record({ author: person, clientId }), { freq: 6 }) })
      .chain(withFiles)
      .map((body) => ({ type: 'message.import', body })),
  },
);
const room = fc.constantFrom(...ROOMS);
const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), room, author: person, skip: fc.constantFrom(0, 0, 0, 0, -1, 1), change }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('member' as const),
      room,
      author: person,
      asked: fc.tuple(member, clientId).map(([what, by]) => ({ ...what, clientId: by })),
    }),
  },
);

/** Commands in log order, cut into batches. */
export const batches: fc.Arbitrary<RoomCommand[][]> = fc
  .array(fc.array(draft, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 })
  .map((drafts) => {
    const mver = new Map<string, number>();
    let time = 1;
    const finish = (given: Draft): RoomCommand => {
      const logged = { v: 1 as const, author: given.author, time: time++, room: given.room };
      if (given.kind === 'member') return { ...logged, ...given.asked } as RoomCommand;
      const last = mver.get(given.room) ?? 0;
      if (given.skip === 0) mver.set(given.room, last + 1);
      return { ...logged, type: 'room.change', mver: Math.max(1, last + 1 + given.skip), change: given.change };
    };
    // Most runs should have rooms to speak in.
    const opened: Draft[] = ROOMS.map((of, i) => ({
      kind: 'change',
      room: of,
      author: PEOPLE[0] as string,
      skip: 0,
      change: {
        type: 'room.created',
        body: { kind: i === 0 ? 'group' : 'direct', name: null, topic: '', visibility: 'private', history: i === 0 ? 'since_join' : 'all' },
      },
    }));
    const joined: Draft[] = ROOMS.flatMap((of) =>
      PEOPLE.slice(0, 3).map(
        (user, i): Draft => ({
          kind: 'change',
          room: of,
          author: user,
          skip: 0,
          change: { type: 'member.joined', body: { user, role: i === 0 ? 'owner' : 'member' } },
        }),
      ),
    );
    return [[...opened, ...joined], ...drafts].map((group) => group.map(finish));
  });
