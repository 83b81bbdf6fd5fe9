// Reply links of annotated logs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAnnotations } from './parse-annotations.ts';

describe('parseAnnotations', () => {
  it('tells which line answers which, and which begin a conversation', () => {
    const { answers, starts, skipped } = parseAnnotations('1 1 -\n1 3 -\n2 3 -\n3 5 - \n5 5 -\n');
    expect([...answers]).toEqual([
      [3, [1, 2]],
      [5, [3]],
    ]);
    expect([...starts]).toEqual([1, 5]);
    expect(skipped).toBe(0);
  });

  it('takes the later line for the answer, a repeated link once, and counts what is no link', () => {
    const { answers, skipped } = parseAnnotations('7 3 -\n3 7 -\nnonsense\n4\n');
    expect([...answers]).toEqual([[7, [3]]]);
    expect(skipped).toBe(2);
  });

  it('reads the annotations of real logs whole', () => {
    for (const [name, starting, answering] of [
      ['2005-08-08', 39, 109],
      ['2009-02-23', 25, 122],
    ] as const) {
      const links = parseAnnotations(readFileSync(new URL(`../../fixtures/irc/${name}.annotation.txt`, import.meta.url), 'utf8'));
      expect(links.starts.size).toBe(starting);
      expect(links.answers.size).toBe(answering);
      expect(links.skipped).toBe(0);
      expect([...links.answers.keys()].every((line) => line >= 0 && line < 160)).toBe(true);
    }
  });
});
