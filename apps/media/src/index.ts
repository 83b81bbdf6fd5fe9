// Media: the files of messages. It keeps bytes and thumbnails, and lets those read them who may read the message.
import { fileURLToPath } from 'node:url';

export type { S3Config } from './blobs/s3-blobs.ts';
export { createMedia, MEDIA_MAX_BYTES, MEDIA_QUOTA_BYTES, type MediaConfig, type MediaDeps } from './service.ts';

/** Absolute path of the migrations of this service's database. */
export const migrationsFolder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
