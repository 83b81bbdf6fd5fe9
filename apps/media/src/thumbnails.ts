// Jobs `media.thumbnail`: each draws the thumbnail of one picture. A picture that cannot be drawn parks its job with the reason; the file
// stays as it is, without a thumbnail.
import type { JobAttempt, Working, WorkQueue } from '@parley/ports';
import { Id, QUEUES } from '@parley/protocol';
import * as z from 'zod/mini';
import { type Blobs, collect, thumbnailName } from './blobs/blobs.ts';
import { drawThumbnail } from './files/picture.ts';
import type { FileStore } from './store/store.ts';

export const THUMBNAIL_QUEUE = QUEUES.thumbnail;
/** A broken picture stays broken; a second try is for a machine that was short of memory. */
const TRIES = 2;
const AGAIN_MS = 2_000;
const JOB_MS = 60_000;

const Payload = z.object({ file: Id, trace: z.optional(z.string()) });

export interface ThumbnailsDeps {
  readonly store: FileStore;
  readonly blobs: () => Blobs;
  readonly queue: WorkQueue;
}

/** One at a time: a picture takes a processor and much memory while it is drawn. */
export function workThumbnails({ store, blobs, queue }: ThumbnailsDeps): Promise<Working> {
  const draw = async (id: string): Promise<void> => {
    const thumbnail = await drawThumbnail(await collect(await blobs().read(id)));
    await blobs().write(thumbnailName(id), thumbnail);
    // Given up meanwhile: its bytes may have been removed before the thumbnail came.
    if (!(await store.setThumbnail(id, 'ready'))) await blobs().remove(id);
  };
  const handle = async (job: JobAttempt): Promise<void> => {
    const { file: id } = z.parse(Payload, job.payload);
    const file = await store.read(id);
    if (file?.state !== 'ready' || file.thumbnail === 'ready' || file.thumbnail === 'none') return;
    try {
      await draw(id);
    } catch (error) {
      if (job.attempt >= TRIES) await store.setThumbnail(id, 'failed');
      throw error;
    }
  };
  return queue.work(THUMBNAIL_QUEUE, handle, { concurrency: 1, tries: TRIES, visibilityMs: JOB_MS, backoffMs: () => AGAIN_MS });
}
