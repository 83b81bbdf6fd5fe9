// What a file is, by its bytes alone: never by its name, nor by what its sender called it.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileTypeFromBuffer } from 'file-type';
import type { Facts } from '../store/store.ts';
import { readSize } from './picture.ts';

/** Pictures that browsers may show in place; they cannot carry a script where they are served as what they are. */
export const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** What else is served under its own name, to be saved. Everything not named here is `application/octet-stream`. */
const KNOWN: ReadonlySet<string> = new Set([
  ...PICTURES,
  'application/pdf',
  'application/zip',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'text/plain',
  'video/mp4',
  'video/webm',
]);
const SAME: Readonly<Record<string, string>> = { 'image/apng': 'image/png' };
export const UNKNOWN_TYPE = 'application/octet-stream';
/** Enough for the signatures and for the size of a picture; what decides no more than this is never parsed. */
const HEAD_BYTES = 256 * 1024;

export interface Inspected extends Facts {
  readonly bytes: number;
}

/** Reads the whole stream once. */
export async function inspect(stream: Readable): Promise<Inspected> {
  const hash = createHash('sha256');
  const words = createWordCheck();
  const head: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const data = chunk as Buffer;
    hash.update(data);
    words.take(data);
    if (bytes < HEAD_BYTES) head.push(data.subarray(0, HEAD_BYTES - bytes));
    bytes += data.length;
  }
  const start = Buffer.concat(head);
  const type = await typeOf(start, words);
  const size = PICTURES.has(type) ? await readSize(start) : null;
  return { bytes, sha256: hash.digest('hex'), type, width: size?.width ?? null, height: size?.height ?? null };
}

async function typeOf(start: Buffer, words: WordCheck): Promise<string> {
  // A parser that stumbles over what was sent knows nothing of it.
  const found = await fileTypeFromBuffer(start).catch(() => undefined);
  const mime = (found?.mime ?? '').split(';', 1)[0] ?? '';
  const type = found === undefined ? (words.plain() ? 'text/plain' : UNKNOWN_TYPE) : (SAME[mime] ?? mime);
  return KNOWN.has(type) ? type : UNKNOWN_TYPE;
}

interface WordCheck {
  take(chunk: Uint8Array): void;
  /** Was all of it UTF-8 without U+0000? */
  plain(): boolean;
}

function createWordCheck(): WordCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let plain = true;
  const decode = (chunk: Uint8Array | undefined): void => {
    if (!plain) return;
    try {
      plain = !(chunk?.includes(0) ?? false);
      if (plain) decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      plain = false;
    }
  };
  return {
    take: decode,
    plain() {
      decode(undefined);
      return plain;
    },
  };
}
