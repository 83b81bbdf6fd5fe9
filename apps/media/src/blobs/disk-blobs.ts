// Bytes as files of one folder.
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { type Blobs, KEEP_MS, thumbnailName } from './blobs.ts';

/** Makes the folder when it is not there; only this user may look into it. */
export async function createDiskBlobs(dir: string): Promise<Blobs> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(dir, name);
  return {
    uploads: new FileStore({ directory: dir, expirationPeriodInMilliseconds: KEEP_MS }),
    async read(name, range) {
      // Opened first: a stream of a file that is not there fails too late for an answer.
      const file = await open(path(name), 'r');
      return createReadStream('', { fd: file, ...(range ? { start: range.from, end: range.to } : {}) });
    },
    async write(name, bytes) {
      const file = await open(path(`${name}.part`), 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(path(`${name}.part`), path(name));
    },
    async remove(id) {
      // The state of the upload goes last: what is left of a removal that was cut off is found by it.
      for (const name of [thumbnailName(id), `${thumbnailName(id)}.part`, id, `${id}.json`]) await rm(path(name), { force: true });
    },
    async settle(id) {
      const file = await open(path(id), 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}
