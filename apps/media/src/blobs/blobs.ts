// Where the bytes are, under the file's id. Names are made here and are never a user's.
import type { Readable } from 'node:stream';
import type { DataStore } from '@tus/server';

export interface ByteRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

export interface Blobs {
  /** Where uploads go, chunk by chunk, under the file's id. */
  readonly uploads: DataStore;
  /** Rejects when there is nothing of that name. */
  read(name: string, range?: ByteRange): Promise<Readable>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** All that is kept of the file: its bytes, its thumbnail, the state of its upload. What is not there is no error. */
  remove(id: string): Promise<void>;
  /** After this a power cut does not take the bytes. */
  settle(id: string): Promise<void>;
}

export const thumbnailName = (id: string): string => `${id}.webp`;

/** An unfinished upload may be gone on with for this long; a finished file that hangs on no message is kept as long. */
export const KEEP_MS = 24 * 3_600_000;

export async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
