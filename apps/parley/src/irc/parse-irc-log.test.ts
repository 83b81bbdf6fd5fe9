// The log reader on excerpts of real logs, and on what no log should hold.
import { readFileSync } from 'node:fs';
import { LIMITS, MessageText, utf8Bytes } from '@parley/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IrcEntry, parseIrcLog } from './parse-irc-log.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../../fixtures/irc/${name}.raw.txt`, import.meta.url));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const kinds = (entries: readonly IrcEntry[], kind: IrcEntry['kind']): number => entries.filter((entry) => entry.kind === kind).length;
const texts = (log: string | Uint8Array): string[] =>
  parseIrcLog(typeof log === 'string' ? bytes(log) : log).entries.map((entry) => (entry.kind === 'message' ? entry.text : ''));

describe('parseIrcLog on real logs', () => {
  it('reads messages, joins, parts and renames of a log of 2005', () => {
    const { entries, skipped } = parseIrcLog(fixture('2005-08-08'));
    expect(kinds(entries, 'message')).toBe(132);
    expect(kinds(entries, 'join')).toBe(21);
    expect(kinds(entries, 'part')).toBe(2);
    expect(entries.filter((entry) => entry.kind === 'rename')).toEqual([
      expect.objectContaining({ nick: '_mage_afk', to: '_mage_work' }),
      expect.objectContaining({ nick: 'nalioth_wrkn', to: 'nalioth' }),
    ]);
    expect(skipped.map(({ reason }) => reason)).toEqual(['other system line', 'other system line', 'other system line']);
  });

  it('goes one minute forward from 12:59 to 01:00 of a clock of twelve hours', () => {
    const messages = parseIrcLog(fixture('2005-08-08')).entries.filter((entry) => entry.kind === 'message');
    const last = messages.findLastIndex((entry) => entry.atMs < 13 * 3_600_000);
    expect((messages[last + 1]?.atMs ?? 0) - (messages[last]?.atMs ?? 0)).toBe(60_000);
    expect(messages.at(-1)?.atMs).toBe((13 * 60 + 15) * 60_000);
  });

  it('reads actions as messages, in a log of 2009', () => {
    const { entries, skipped } = parseIrcLog(fixture('2009-02-23'));
    expect(kinds(entries, 'message')).toBe(153);
    expect(kinds(entries, 'rename')).toBe(7);
    expect(skipped).toEqual([]);
    expect(entries[10]).toEqual({ kind: 'message', line: 10, atMs: 36_000_000, nick: 'ActionParsnip', text: 'gives quibbler a spoon' });
  });

  it('takes every line that begins as a message for one', () => {
    for (const name of ['2005-08-08', '2009-02-23']) {
      const lines = new TextDecoder().decode(fixture(name)).split('\n');
      const should = lines.flatMap((line, i) => (/^\[\d\d:\d\d\] (<| \*)/.test(line) ? [i] : []));
      expect(parseIrcLog(fixture(name)).entries.flatMap((entry) => (entry.kind === 'message' ? [entry.line] : []))).toEqual(should);
    }
  });
});

describe('parseIrcLog on what no log should hold', () => {
  it('reads a line that is not UTF-8 as windows-1252, and its neighbours as UTF-8', () => {
    const log = new Uint8Array([...bytes('[10:00] <a> né\n[10:00] <b> n'), 0xe9, 0x80, ...bytes('\n[10:01] <c> né\n')]);
    expect(texts(log)).toEqual(['né', 'né€', 'né']);
  });

  it('begins the next half day whenever the clock goes back', () => {
    const log = '[11:59] <a> 1\n[00:00] <a> 2\n[11:59] <a> 3\n[12:00] <a> 4\n[12:59] <a> 5\n[01:00] <a> 6\n';
    const minutes = parseIrcLog(bytes(log)).entries.map((entry) => entry.atMs / 60_000);
    expect(minutes).toEqual([719, 720, 1439, 1440, 1499, 1500]);
    expect(parseIrcLog(bytes('[23:59] <a> 1\n[00:00] <a> 2\n')).entries[1]?.atMs).toBe(1440 * 60_000);
  });

  it('counts half lines, blank lines and impossible times as skipped, and goes on', () => {
    const { entries, skipped } = parseIrcLog(bytes('half a li\n\n[99:00] <a> b\n[10:00] <a>\n=== mode/#ubuntu [+o x] by y\n[10:00] <a> there\n[10:0'));
    expect(skipped.map(({ reason }) => reason)).toEqual(['half line', 'blank line', 'no such time', 'empty message', 'other system line', 'half line']);
    expect(entries).toEqual([{ kind: 'message', line: 5, atMs: 36_000_000, nick: 'a', text: 'there' }]);
  });

  it('takes out colours, styles, U+0000 and other control characters', () => {
    expect(texts('[10:00] <a> \u000304,01red\u0003 \u0002bold\u000f \u0000nul\ttab\r\n')).toEqual(['red bold nul tab']);
  });

  it('cuts a text at the limit of a message, never through a character', () => {
    const [text = ''] = texts(`[10:00] <a> x${'😀'.repeat(LIMITS.messageBytes)}\n`);
    expect(utf8Bytes(text)).toBe(LIMITS.messageBytes - 3);
    expect(text.isWellFormed()).toBe(true);
  });

  it('keeps nicks with brackets, pipes and a space after a bracket', () => {
    const nicks = parseIrcLog(bytes('[10:00] <|trey|> a\n[10:00] <[N] ame> b\n[10:00] <a>b> c\n')).entries.map((entry) => entry.nick);
    expect(nicks).toEqual(['|trey|', '[N]ame', 'a>b']);
  });

  it('answers every line of any bytes once, with texts that the server takes and times that only grow', () => {
    const line = fc.oneof(
      fc
        .tuple(fc.nat(24), fc.nat(60), fc.string({ unit: 'binary' }))
        .map(([h, m, t]) => bytes(`[${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}] <n> ${t}`)),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const whole = new Uint8Array(lines.flatMap((one) => [...one.filter((byte) => byte !== 10), 10]));
        const { entries, skipped } = parseIrcLog(whole);
        expect([...entries, ...skipped].map((one) => one.line).sort((a, b) => a - b)).toEqual(lines.map((_, i) => i));
        let last = 0;
        for (const entry of entries) {
          expect(entry.atMs).toBeGreaterThanOrEqual(last);
          last = entry.atMs;
          if (entry.kind === 'message') expect(MessageText.safeParse(entry.text).success).toBe(true);
        }
      }),
    );
  });
});
