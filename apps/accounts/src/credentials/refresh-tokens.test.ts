// What a presented refresh token means, against a plain model of two holders who use tokens in any order and at any time.
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { createRefreshTokens, judgeRefresh, REFRESH_GRACE_MS, SESSION_IDLE_MS } from './refresh-tokens.ts';

test.prop([fc.array(fc.record({ number: fc.integer({ min: 1, max: 12 }), waitMs: fc.integer({ min: 0, max: 2 * REFRESH_GRACE_MS }) }), { maxLength: 30 })])(
  'Whatever is presented in whatever order, the newest rotates, the one before repeats in its minute, and any older ends the session.',
  (steps) => {
    let now = 1_000_000;
    let session = { number: 1, rotatedAt: now, lastUsedAt: now, ended: false };
    for (const { number, waitMs } of steps) {
      now += waitMs;
      const verdict = judgeRefresh(session, number, now);
      const age = session.number - number;
      if (session.ended) expect(verdict).toBe('ended');
      else if (age < 0) expect(verdict).toBe('unknown');
      else if (age === 0) expect(verdict).toBe('rotate');
      else expect(verdict).toBe(age === 1 && now - session.rotatedAt <= REFRESH_GRACE_MS ? 'repeat' : 'reused');
      if (verdict === 'rotate') session = { number: number + 1, rotatedAt: now, lastUsedAt: now, ended: false };
      if (verdict === 'reused') session = { ...session, ended: true };
    }
  },
);

test('A session that was not used for long has ended, whatever is presented.', () => {
  const session = { number: 3, rotatedAt: 0, lastUsedAt: 0, ended: false };
  expect(judgeRefresh(session, 3, SESSION_IDLE_MS)).toBe('rotate');
  expect(judgeRefresh(session, 3, SESSION_IDLE_MS + 1)).toBe('ended');
});

const tokens = createRefreshTokens('key');
const session = '0190a0b0-0000-7000-8000-000000000001';

test('A token is derived again and read again; with another key it is none of ours.', () => {
  expect(tokens.derive(session, 2)).toBe(tokens.derive(session, 2));
  expect(tokens.read(tokens.derive(session, 2))).toEqual({ session, number: 2 });
  expect(createRefreshTokens('other').read(tokens.derive(session, 2))).toBeNull();
});

test.prop([fc.nat(120), fc.string({ minLength: 1, maxLength: 1 })])('No token passes with one character changed.', (at, char) => {
  const token = tokens.derive(session, 2);
  const changed = token.slice(0, at) + char + token.slice(at + 1);
  if (changed !== token) expect(tokens.read(changed)).toBeNull();
});
