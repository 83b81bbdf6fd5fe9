// Ids that follow from words, for what must be the same thing however often it is begun.
import { createHash } from 'node:crypto';

/** A UUID (version 8) made from the words: the same words, the same id. */
export function idFrom(...words: readonly string[]): string {
  const hex = createHash('sha256').update(words.join(':')).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
