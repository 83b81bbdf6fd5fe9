// The ring against the plainest model of it: an array of everything, and what the bounds leave of it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

const MAX_BYTES = 2_000;
const MAX_AGE_MS = 500;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), times: fc.integer({ min: 1, max: 200 }), bytes: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), back: fc.nat(300) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), back: fc.nat(300) }) },
);

test('a ring holds the newest frames within its bounds, and hands out exactly those after a place, however many went through it', () => {
  let most = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) => {
      const ring = new Ring(7, MAX_BYTES, MAX_AGE_MS);
      const all: { bytes: Uint8Array; at: number }[] = [];
      let now = 0;
      let from = 7;
      const head = (): number => 7 + all.length;
      const held = (): { bytes: Uint8Array; at: number }[] => all.slice(from - 7);
      const trim = (): void => {
        while (from < head() && (held().reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_BYTES || now - (held()[0]?.at ?? now) > MAX_AGE_MS)) from += 1;
      };
      for (const one of steps) {
        if (one.do === 'push') {
          for (let i = 0; i < one.times; i++) {
            const bytes = new Uint8Array(one.bytes).fill(head() % 251);
            all.push({ bytes, at: now });
            ring.push(bytes, now);
            trim();
          }
        }
        if (one.do === 'wait') {
          now += one.ms;
          ring.trim(now);
          trim();
        }
        if (one.do === 'drop') {
          from = Math.max(from, Math.min(head(), head() - one.back));
          ring.dropTo(head() - one.back);
        }
        expect([ring.from, ring.head]).toEqual([from, head()]);
        if (one.do !== 'read') continue;
        const place = Math.max(from, head() - one.back);
        const frames = all.slice(place - 7).map(({ bytes }) => bytes);
        expect(ring.after(place)).toEqual(frames.length === 0 ? null : frames.length === 1 ? frames[0] : Buffer.concat(frames));
        if (from > 7) expect(() => ring.after(from - 1)).toThrow(RangeError);
      }
      most = Math.max(most, all.length);
    }),
    { numRuns: 40 },
  );
  expect(most).toBeGreaterThan(2_000);
});
