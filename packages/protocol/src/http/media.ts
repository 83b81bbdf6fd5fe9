// HTTP bodies of media: files and the links to them. Bytes come by tus 1.0 (below /api/media/uploads) and go as they are.
import * as z from 'zod/mini';
import { FileName, MediaType } from '../attachments.ts';
import { Id, TimeMs } from '../ids.ts';

/** GET /api/media/files/:id/info. `type` is what the bytes are, never what somebody said of them. */
export const MediaFile = z.object({
  id: Id,
  room: Id,
  name: FileName,
  type: MediaType,
  bytes: z.int(),
  width: z.nullable(z.int()),
  height: z.nullable(z.int()),
  /** none: not a picture that is shown · waiting: comes soon · failed: the picture could not be drawn; the file is there all the same. */
  thumbnail: z.enum(['none', 'waiting', 'ready', 'failed']),
});
export type MediaFile = z.infer<typeof MediaFile>;

/**
 * GET /api/media/files/:id/link: addresses that work without a token until `expiresAt`, for this caller's eyes: whether the caller may
 * still read the file is asked anew at each use. Paths on this server.
 */
export const FileLink = z.object({ url: z.string(), thumbnail: z.nullable(z.string()), expiresAt: TimeMs });
export type FileLink = z.infer<typeof FileLink>;
