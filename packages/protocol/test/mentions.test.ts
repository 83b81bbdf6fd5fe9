// Who is named: as people write it, and not what only looks like it.
import { describe, expect, it } from 'vitest';
import { mentionsOf } from '../src/index.ts';

describe('mentions', () => {
  it.each([
    ['hello @ada and @Grace.H.', ['ada', 'grace.h'], false],
    ['(@ada) "@bob", @ada-', ['ada', 'bob'], false],
    ['a@b.example and x/@y', [], false],
    ['`@ada` and ```\n@bob\n``` and @eve', ['eve'], false],
    ['``` @never closed', [], false],
    ['@all', [], true],
    ['@everyone, @here', [], true],
    ['@allen', ['allen'], false],
    ['@', [], false],
  ])('%j names %j', (text, handles, everybody) => {
    expect(mentionsOf(text)).toEqual({ handles, everybody });
  });

  it('a wall of names is cut, and takes no time', () => {
    const text = Array.from({ length: 1_000 }, (_, at) => `@p${at}`).join(' ');
    expect(mentionsOf(text).handles).toHaveLength(50);
    const began = performance.now();
    mentionsOf(`${'`'.repeat(8_000)}${'@'.repeat(8_000)}`);
    expect(performance.now() - began).toBeLessThan(200);
  });
});
