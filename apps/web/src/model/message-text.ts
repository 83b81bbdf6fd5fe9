// Small questions about a message's text: is Markdown needed, who is mentioned, how big is it. Pure.

import { LIMITS } from '@parley/sdk';

/** The wire's limit in UTF-8 bytes. */
export const MESSAGE_BYTES = LIMITS.messageBytes;
/** The counter appears only this near the limit. */
const NEAR_BYTES = 1_500;

const MARKS = /[*_`~[\]<>#|\\&]|https?:\/\/|www\.|^\s*(?:[-+]|\d+[.)])\s|^ {4}|\n\s*\n|@\w+\.\w/m;

/** Nobody writes this many marks, or lines nested this deep: the parser would need seconds for them, and the page would stand still. */
const COSTLY_MARKS = 2_000;
const COSTLY_DEPTH = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])){25}/m;
const isCostly = (text: string): boolean => (text.match(/[*_~`[\]<>|]/g)?.length ?? 0) > COSTLY_MARKS || COSTLY_DEPTH.test(text);

/** Most chat is plain words: they are shown without loading or running the Markdown parser. So is what would cost it too much. */
export const needsMarkdown = (text: string): boolean => MARKS.test(text) && !isCostly(text);

const encoder = new TextEncoder();

/** Bytes left when the limit is near, else null. Negative: too long. */
export function bytesLeft(text: string): number | null {
  // Three bytes a UTF-16 unit at most: short texts need no encoding.
  if (text.length * 3 < MESSAGE_BYTES - NEAR_BYTES) return null;
  const left = MESSAGE_BYTES - encoder.encode(text).byteLength;
  return left <= NEAR_BYTES ? left : null;
}

export interface TextPart {
  readonly text: string;
  /** The handle without its @, when this part is a mention. */
  readonly mention: string | null;
}

const MENTION = /(^|[^\p{L}\p{N}_.@/-])@([a-z0-9][a-z0-9._-]*)/giu;

/** The text cut at its @mentions. Trailing dots and dashes belong to the sentence, not to the name. */
export function splitMentions(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const found of text.matchAll(MENTION)) {
    const handle = (found[2] ?? '').replace(/[.-]+$/, '');
    const start = found.index + (found[1] ?? '').length;
    if (start > end) parts.push({ text: text.slice(end, start), mention: null });
    end = start + 1 + handle.length;
    parts.push({ text: text.slice(start, end), mention: handle.toLowerCase() });
  }
  if (end < text.length) parts.push({ text: text.slice(end), mention: null });
  return parts;
}

/** **Bold**, ~~struck~~, `code` and [links](…): a single line shows their words. Lone `_` and `*` stay: they are in names and sums. */
const MARKED = /(\*\*|~~|`)(?=\S)(.+?)(?<=\S)\1|\[([^\]]+)\]\(\S+?\)/g;

/** One line for quotes and announcements, without the marks of Markdown. */
export function oneLine(text: string, chars = 140): string {
  // No more than can be shown is looked through: marks cost more than words.
  const head = text.slice(0, 4 * chars).replace(/[\uD800-\uDBFF]$/, '');
  const line = head
    .replace(/\s+/g, ' ')
    .trim()
    .replace(MARKED, (_all, _mark, words?: string, link?: string) => words ?? link ?? '');
  if (line.length > chars) return `${[...line].slice(0, chars - 1).join('')}…`;
  return head.length < text.length ? `${line}…` : line;
}
