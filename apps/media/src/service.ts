// Puts the parts of media together and gives them a life. Decides nothing itself.
import type { Clock, EventLog, Rng, Working, WorkQueue } from '@parley/ports';
import { eraseFromMedia } from '@parley/protocol';
import { answer, type InternalClient, type Logger, type PgConnection, type Service, type TokenVerifier } from '@parley/runtime';
import type { Blobs } from './blobs/blobs.ts';
import { createDiskBlobs } from './blobs/disk-blobs.ts';
import type { S3Config } from './blobs/s3-blobs.ts';
import { createAccess } from './files/access.ts';
import { createLinks } from './files/links.ts';
import { routeFiles } from './files/routes.ts';
import { createRoomEvents } from './room-events.ts';
import { createFileStore } from './store/store.ts';
import { openDatabase } from './store/store-database.ts';
import { createRoomEventStore } from './store/store-room-events.ts';
import { createSweep } from './sweep.ts';
import { workThumbnails } from './thumbnails.ts';
import { routeUploads } from './uploads/routes.ts';
import { createUploads } from './uploads/uploads.ts';

export interface MediaConfig {
  /** The folder of the files, where no bucket is configured. One process at a time may take uploads into it. */
  readonly dir: string;
  readonly s3?: S3Config | undefined;
  /** Of one file. Default 25 MiB. */
  readonly maxBytes?: number | undefined;
  /** Of all files of one person. Default 1 GiB. */
  readonly quotaBytes?: number | undefined;
  /** Signs links to files; the same in every process of the service, at least 32 characters. */
  readonly linkKey: string;
}

export interface MediaDeps {
  /** Media's own database, migrated. */
  readonly database: PgConnection;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly internal: InternalClient;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly config: MediaConfig;
}

export const MEDIA_MAX_BYTES = 25 * 1024 * 1024;
export const MEDIA_QUOTA_BYTES = 1024 * 1024 * 1024;

const openBlobs = async ({ s3, dir }: MediaConfig): Promise<Blobs> => (s3 ? (await import('./blobs/s3-blobs.ts')).createS3Blobs(s3) : createDiskBlobs(dir));

/** The service `media`. It touches neither folder nor database before start(). */
export function createMedia({ database, log, queue, internal, verifier, clock, rng, logger, config }: MediaDeps): Service {
  const db = openDatabase(database);
  const store = createFileStore(db);
  const roomEventStore = createRoomEventStore(db);
  let opened: Blobs | null = null;
  const blobs = (): Blobs => {
    if (opened === null) throw new Error('Media has not been started.');
    return opened;
  };
  const access = createAccess(store, internal, clock);
  const { maxBytes = MEDIA_MAX_BYTES, quotaBytes = MEDIA_QUOTA_BYTES } = config;
  const uploads = createUploads({ store, access, blobs, queue, clock, rng, logger, maxBytes, quotaBytes });
  const sweep = createSweep({ store, roomEvents: roomEventStore, blobs, log, queue, clock, logger });
  const roomEvents = createRoomEvents({ log, store: roomEventStore, onGone: () => void sweep.now(), clock, logger });
  let working: Working | null = null;
  let stopping: Promise<void> | null = null;

  const stop = async (): Promise<void> => {
    await roomEvents.stop();
    await working?.stop();
    await sweep.stop();
    await db.$disconnect();
  };
  return {
    name: 'media',
    routes(app) {
      routeUploads(app, uploads, verifier);
      routeFiles(app, { access, blobs, links: createLinks(config.linkKey, clock), uploads, verifier, clock });
    },
    internal: [
      answer(eraseFromMedia, async ({ user }) => {
        await store.discardOwned(user);
        await sweep.now();
        return { done: (await store.discardOwned(user)) === 0 };
      }),
    ],
    async start() {
      opened = await openBlobs(config);
      working = await workThumbnails({ store, blobs, queue });
      await roomEvents.start();
      sweep.start();
    },
    async stop() {
      stopping ??= stop();
      await stopping;
    },
    problems: () => [roomEvents.problem(), sweep.problem()].filter((problem) => problem !== null),
  };
}
