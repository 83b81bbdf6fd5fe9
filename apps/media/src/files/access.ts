// Who may read a file: asked of messages, the truth about membership, at every read. What is not yours does not exist.
import type { Clock } from '@parley/ports';
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

/** A message is seen the moment it is committed; that it names a file is heard here a little later. So long one who may be about to see it waits. */
const HEARD_MS = 2_000;
const LOOK_MS = 50;

export function createAccess(store: FileStore, internal: InternalClient, clock: Clock): Access {
  const rightOf = async (user: string, room: string) => (await internal.call(readRight, { user, room })).right;
  const whenSent = async (file: FileRow): Promise<FileRow> => {
    const end = clock.monotonic() + HEARD_MS;
    for (let now: FileRow | null = file; now?.state === 'ready'; now = await store.read(file.id)) {
      if (now.places.length > 0) return now;
      if (clock.monotonic() >= end) break;
      await clock.sleep(LOOK_MS);
    }
    throw noSuchFile();
  };
  return {
    async readable(user, id) {
      const file = await store.read(id);
      if (file?.state !== 'ready') throw noSuchFile();
      if (file.places.length === 0 && file.owner === user) return file;
      const right = await rightOf(user, file.room);
      if (right === null) throw noSuchFile();
      const sent = await whenSent(file);
      if (!sent.places.some((seq) => seq > right.floor)) throw noSuchFile();
      return sent;
    },
    async mustBeMember(user, room) {
      if ((await rightOf(user, room)) === null) throw new ParleyError('not_found', 'There is no such room.');
    },
  };
}
