// When Markdown is needed, where mentions are, how near the limit is.
import { describe, expect, it } from 'vitest';
import { bytesLeft, MESSAGE_BYTES, needsMarkdown, oneLine, splitMentions } from './message-text.ts';

describe('needsMarkdown', () => {
  it.each(['hello there', 'two\nlines', 'I have 3. Really!', "it's (nearly) done, @ada"])('shows %j as it is', (text) => {
    expect(needsMarkdown(text)).toBe(false);
  });
  it.each(['*bold*', '`code`', '- item', '1. one', 'see https://x.y', 'a\n\nb', '> quote', '    code', 'a | b'])('parses %j', (text) => {
    expect(needsMarkdown(text)).toBe(true);
  });
  it.each([
    ['nested quotes', `${'>'.repeat(30)} deep`],
    ['nested lists', `${'- '.repeat(30)}deep`],
    ['thousands of marks', `${'*'.repeat(3_000)}a`],
  ])('shows %s as they are, for the parser would need seconds', (_what, text) => {
    expect(needsMarkdown(text)).toBe(false);
  });
});

describe('splitMentions', () => {
  it('finds handles and gives the whole text back', () => {
    const parts = splitMentions('@ada, ask @grace.h. now');
    expect(parts.map((part) => part.mention)).toEqual(['ada', null, 'grace.h', null]);
    expect(parts.map((part) => part.text).join('')).toBe('@ada, ask @grace.h. now');
  });
  it('leaves mail addresses and paths alone', () => {
    expect(splitMentions('a@b.c and x/@y').every((part) => part.mention === null)).toBe(true);
  });
});

describe('bytesLeft', () => {
  it('says nothing far from the limit', () => {
    expect(bytesLeft('x'.repeat(5_000))).toBeNull();
  });
  it('counts bytes, not letters', () => {
    expect(bytesLeft('é'.repeat(MESSAGE_BYTES / 2))).toBe(0);
    expect(bytesLeft('é'.repeat(MESSAGE_BYTES / 2 + 1))).toBe(-2);
  });
});

it('cuts a quote without cutting a letter in two', () => {
  expect(oneLine('a\n b')).toBe('a b');
  expect(oneLine('👍'.repeat(100), 10).isWellFormed()).toBe(true);
  expect(oneLine(`${' '.repeat(39)}👍 and more`, 10).isWellFormed()).toBe(true);
});

it('shows the words of a marked line, and leaves names and sums alone', () => {
  expect(oneLine('The **two sentences** in `a.ts`, ~~not~~ [here](https://x.y/z)')).toBe('The two sentences in a.ts, not here');
  expect(oneLine('snake_case_name is 2 * 3 * 4, ** not bold **')).toBe('snake_case_name is 2 * 3 * 4, ** not bold **');
});
