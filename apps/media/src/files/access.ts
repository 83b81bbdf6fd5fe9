// Who may read a file: asked of messages, the truth about membership, at every read. What is not yours does not exist.
import { ParleyError, readRight } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import type { FileRow, FileStore } from '../store/store.ts';

export interface Access {
  /** A finished file that this person may read now. Throws not_found, or unavailable when it cannot be known. */
  readable(user: string, id: string): Promise<FileRow>;
  /** Throws not_found for who is no member of the room now. */
  mustBeMember(user: string, room: string): Promise<void>;
}

export const noSuchFile = (): ParleyError => new ParleyError('not_found', 'There is no such file.');

export function createAccess(store: FileStore, internal: InternalClient): Access {
  const rightOf = async (user: string, room: string) => (await internal.call(readRight, { user, room })).right;
  return {
    async readable(user, id) {
      const file = await store.read(id);
      if (file?.state !== 'ready') throw noSuchFile();
      if (file.places.length === 0) {
        if (file.owner !== user) throw noSuchFile();
        return file;
      }
      const right = await rightOf(user, file.room);
      if (right === null || !file.places.some((seq) => seq > right.floor)) throw noSuchFile();
      return file;
    },
    async mustBeMember(user, room) {
      if ((await rightOf(user, room)) === null) throw new ParleyError('not_found', 'There is no such room.');
    },
  };
}
