// One range of bytes, as a player or a resumed download asks for it (RFC 9110, 14).
import type { ByteRange } from '../blobs/blobs.ts';

/** null: the whole file (no range asked for, or one that is not understood). `outside`: none of it is in the file. */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'outside' | null {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (asked === null) return null;
  const [, first = '', last = ''] = asked;
  if (first === '') {
    if (last === '') return null;
    return Number(last) === 0 ? 'outside' : { from: Math.max(0, size - Number(last)), to: size - 1 };
  }
  const from = Number(first);
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < from) return null;
  return from >= size ? 'outside' : { from, to };
}
