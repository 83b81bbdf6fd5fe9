// Who is told what: everybody their own changes in order, and who gets the same is in one group.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Session } from '../session.ts';
import { listsBySession } from './lists-by-session.ts';

test('each socket gets exactly the changes of whom it watches, in order, and equal lists are one', () => {
  const people = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 13 });
  fc.assert(
    fc.property(fc.array(people, { maxLength: 30 }), fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 13 }), (watched, changedUsers) => {
      const sessions = watched.map((list, n) => ({ n, watching: new Set(list.map(String)) }) as unknown as Session);
      const changed = new Map(changedUsers.map((user) => [String(user), user % 2 === 0]));
      const groups = listsBySession(changed, (user) => sessions.filter(({ watching }) => watching.has(user)));
      const got = new Map(groups.flatMap(([list, of]) => [...of].map((session) => [session, list] as const)));
      expect([...groups].reduce((sum, [, of]) => sum + of.size, 0)).toBe(got.size);
      const texts = groups.map(([list]) => JSON.stringify(list));
      expect(new Set(texts).size).toBe(texts.length);
      for (const session of sessions) {
        const mine = [...changed].filter(([user]) => session.watching.has(user)).map(([user, online]) => ({ user, state: online ? 'online' : 'offline' }));
        expect(got.get(session) ?? []).toEqual(mine);
      }
    }),
    { numRuns: 200 },
  );
});
