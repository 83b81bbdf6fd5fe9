// Uploads by tus 1.0: begun with everything that can be refused, gone on with after any cut, ended by looking at the bytes.
import type { Readable } from 'node:stream';
import type { Clock, Rng, WorkQueue } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { Server } from '@tus/server';
import type { Blobs } from '../blobs/blobs.ts';
import { type Access, noSuchFile } from '../files/access.ts';
import { cleanName } from '../files/file-name.ts';
import { inspect, PICTURES } from '../files/inspect.ts';
import type { FileRow, FileStore } from '../store/store.ts';
import { THUMBNAIL_QUEUE } from '../thumbnails.ts';

export const UPLOADS_PATH = '/api/media/uploads';

export interface UploadsDeps {
  readonly store: FileStore;
  readonly access: Access;
  readonly blobs: () => Blobs;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly maxBytes: number;
  readonly quotaBytes: number;
}

export interface NewUpload {
  readonly room: string;
  readonly name: string;
  readonly bytes: number;
}

export interface Uploads {
  /** Checks everything that can be known before a byte comes. `request` is the tus creation. */
  begin(user: string, upload: NewUpload, request: Request): Promise<Response>;
  /** HEAD and PATCH of an own upload. Throws not_found for everybody else. */
  goOn(user: string, id: string, request: Request): Promise<Response>;
  /** Gives up an own file that hangs on no message. */
  discard(user: string, id: string): Promise<void>;
  /** When all bytes of this person's upload are here and nobody has looked at them (the service died in between), does it now. */
  finishOwn(user: string, id: string): Promise<void>;
}

export function createUploads({ store, access, blobs, queue, clock, rng, logger, maxBytes, quotaBytes }: UploadsDeps): Uploads {
  const ids = new WeakMap<object, string>();
  let made: Server | null = null;
  const tus = (): Server => {
    made ??= new Server({
      path: UPLOADS_PATH,
      datastore: blobs().uploads,
      relativeLocation: true,
      maxSize: maxBytes,
      // Errors of our own are thrown before tus is asked; these are its own.
      namingFunction: (request) => ids.get(request) ?? rng.id(),
    });
    return made;
  };
  const ending = new Map<string, Promise<void>>();

  const end = async (file: FileRow): Promise<void> => {
    const stream: Readable = await blobs().read(file.id);
    const { bytes, ...facts } = await inspect(stream);
    if (bytes !== file.bytes) throw notComplete();
    await blobs().settle(file.id);
    const picture = PICTURES.has(facts.type);
    if ((await store.finish(file.id, facts, picture ? 'waiting' : 'none')) && picture)
      // Lost between the two, it is put there by the sweep.
      await queue
        .enqueue([{ queue: THUMBNAIL_QUEUE, id: file.id, payload: { file: file.id } }])
        .catch((error) => logger.warn({ err: error }, 'a thumbnail waits'));
  };
  const finish = async (file: FileRow): Promise<void> => {
    if (file.state !== 'uploading') return;
    const running = ending.get(file.id) ?? end(file).finally(() => ending.delete(file.id));
    ending.set(file.id, running);
    await running;
  };
  const own = async (user: string, id: string): Promise<FileRow> => {
    const file = await store.read(id);
    if (file === null || file.owner !== user || file.state === 'deleted') throw noSuchFile();
    return file;
  };
  /** All bytes are here now, by the answer of tus. */
  const afterBytes = async (id: string, response: Response): Promise<Response> => {
    const offset = response.headers.get('upload-offset');
    if (response.ok && offset !== null) {
      const file = await store.read(id);
      if (file !== null && Number(offset) === file.bytes) await finish(file);
    }
    return response;
  };

  return {
    async begin(user, { room, name, bytes }, request) {
      if (bytes < 1) throw new ParleyError('invalid', 'The file is empty.');
      if (bytes > maxBytes) throw new ParleyError('too_large', 'The file is too large.', { details: { maxBytes } });
      await access.mustBeMember(user, room);
      const id = rng.id();
      await store.begin({ id, room, owner: user, name: cleanName(name), bytes, createdAt: clock.now() }, quotaBytes);
      ids.set(request, id);
      const response = await tus().handleWeb(request);
      if (!response.ok) await store.discard(id, user);
      return afterBytes(id, response);
    },
    async goOn(user, id, request) {
      await own(user, id);
      return afterBytes(id, await tus().handleWeb(request));
    },
    async discard(user, id) {
      if (!(await store.discard(id, user))) throw noSuchFile();
    },
    async finishOwn(user, id) {
      const file = await store.read(id);
      if (file?.state !== 'uploading' || file.owner !== user) return;
      const { offset } = await blobs()
        .uploads.getUpload(id)
        .catch(() => ({ offset: 0 }));
      if (offset !== file.bytes) throw notComplete();
      await finish(file);
    },
  };
}

const notComplete = (): ParleyError => new ParleyError('upload_conflict', 'The upload is not complete.');
