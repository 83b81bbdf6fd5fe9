// Reads a raw IRC log (`[HH:MM] <nick> text`, `=== nick … has joined`) into what happened, in order. Never throws on a line: what cannot
// be read is counted with its reason, because old logs are full of half lines and of bytes that are no UTF-8.
import { LIMITS, utf8Bytes } from '@parley/protocol';

/** `line` counts from 0, as the annotations do. `atMs`: ms since the midnight before the log's first line; it never goes back. */
export type IrcEntry =
  | { readonly kind: 'message'; readonly line: number; readonly atMs: number; readonly nick: string; readonly text: string }
  | { readonly kind: 'join' | 'part'; readonly line: number; readonly atMs: number; readonly nick: string }
  | { readonly kind: 'rename'; readonly line: number; readonly atMs: number; readonly nick: string; readonly to: string };

export interface IrcLog {
  readonly entries: IrcEntry[];
  readonly skipped: { readonly line: number; readonly reason: string }[];
}

// A nick ends at the first `>` before a space or the end; some logs put a space after `]` in a nick: `<[N] ame>`.
const SAID = /^\[(\d\d):(\d\d)\] <(.+?)>(?: |$)(.*)$/s;
const DID = /^\[(\d\d):(\d\d)\] {1,2}\* ?(\S+)(.*)$/s;
const JOINED = /^=== (\S+) .*has joined/;
const LEFT = /^=== (\S+) .*has (?:left|quit)/;
const RENAMED = /^=== (\S+) is now known as (\S+)/;

const MINUTE_MS = 60_000;
const HALF_DAY = 12 * 60;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const latin = new TextDecoder('windows-1252');

function decodeLine(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin.decode(bytes);
  }
}

function* linesOf(bytes: Uint8Array): Generator<string> {
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(10, from);
    const to = end === -1 ? bytes.length : end;
    yield decodeLine(bytes.subarray(from, bytes[to - 1] === 13 && to > from ? to - 1 : to));
    from = to + 1;
  }
}

/** mIRC's colours and styles, then every other control character; a tab becomes a space. */
const clean = (text: string): string =>
  text
    .replace(/\t/g, ' ')
    .split('\u0003')
    .map((part, i) => (i === 0 ? part : part.replace(/^\d{1,2}(?:,\d{1,2})?/, '')))
    .join('')
    .replace(/\p{Cc}/gu, '')
    .toWellFormed();

const nickOf = (nick: string): string => clean(nick).replace(/\s+/g, '');

/** The longest beginning that the limit of a message allows, never half a character. */
function cut(text: string): string {
  if (utf8Bytes(text) <= LIMITS.messageBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Bytes(character);
    if (bytes > LIMITS.messageBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Minutes since midnight that only go forward: a clock that went back began its next half day (old logs know no am and pm). */
function createForwardClock(): (hours: string, minutes: string) => number {
  let last = 0;
  return (hours, minutes) => {
    let at = Number(hours) * 60 + Number(minutes);
    while (at < last) at += HALF_DAY;
    last = at;
    return at * MINUTE_MS;
  };
}

/** Answers every line once: as an entry, or as skipped. */
export function parseIrcLog(bytes: Uint8Array): IrcLog {
  const log: IrcLog = { entries: [], skipped: [] };
  const clock = createForwardClock();
  let atMs = 0;
  let line = -1;
  for (const raw of linesOf(bytes)) {
    line++;
    const said = SAID.exec(raw) ?? DID.exec(raw);
    if (said !== null) {
      const [, hours = '', minutes = '', nick = '', rest = ''] = said;
      if (Number(hours) > 23 || Number(minutes) > 59) {
        log.skipped.push({ line, reason: 'no such time' });
        continue;
      }
      atMs = clock(hours, minutes);
      const text = cut(clean(rest).trim());
      if (text === '') log.skipped.push({ line, reason: 'empty message' });
      else log.entries.push({ kind: 'message', line, atMs, nick: nickOf(nick), text });
      continue;
    }
    const entry = systemLine(raw, line, atMs);
    if (entry !== null) log.entries.push(entry);
    else log.skipped.push({ line, reason: reasonOf(raw) });
  }
  return log;
}

function systemLine(raw: string, line: number, atMs: number): IrcEntry | null {
  const renamed = RENAMED.exec(raw);
  if (renamed?.[1] !== undefined && renamed[2] !== undefined) return { kind: 'rename', line, atMs, nick: nickOf(renamed[1]), to: nickOf(renamed[2]) };
  const joined = JOINED.exec(raw)?.[1];
  if (joined !== undefined) return { kind: 'join', line, atMs, nick: nickOf(joined) };
  const left = LEFT.exec(raw)?.[1];
  return left === undefined ? null : { kind: 'part', line, atMs, nick: nickOf(left) };
}

function reasonOf(raw: string): string {
  if (raw.trim() === '') return 'blank line';
  if (raw.startsWith('===')) return 'other system line';
  return 'half line';
}
