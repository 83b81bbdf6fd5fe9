// Depth is counted as JSON has it, for text and for values alike, and never by recursion.
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { checkJsonDepth, checkJsonTextDepth } from './json-depth.ts';

/** The plain recursive definition, for small values only. */
const depthOf = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0);
const refuses = (check: () => void): boolean => {
  try {
    check();
    return false;
  } catch {
    return true;
  }
};

test.prop([fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 7 })])(
  'Text and value are refused exactly when they are deeper than the limit.',
  (value, max) => {
    const tooDeep = depthOf(value) > max;
    expect(refuses(() => checkJsonDepth(value, max))).toBe(tooDeep);
    expect(refuses(() => checkJsonTextDepth(JSON.stringify(value), max))).toBe(tooDeep);
  },
);

test('A million brackets are refused without running out of stack.', () => {
  const text = '['.repeat(1_000_000);
  expect(refuses(() => checkJsonTextDepth(text))).toBe(true);
  let value: unknown = null;
  for (let i = 0; i < 100_000; i++) value = [value];
  expect(refuses(() => checkJsonDepth(value))).toBe(true);
});
