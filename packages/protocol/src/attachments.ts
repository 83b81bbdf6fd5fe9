// A file as a message names it. What it says of the file is what its sender said: for showing a place before the file is there. Who may
// read the file, and as what it is served, is decided by media alone, whatever a message claims.
import * as z from 'zod/mini';
import { Id, line } from './ids.ts';
import { LIMITS } from './limits.ts';

/** Paths, control characters, and signs that turn the direction of text around ("gpj.exe" read as "exe.jpg"). */
const UNSAFE_NAME = /[/\\\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;

export const isSafeFileName = (name: string): boolean => !UNSAFE_NAME.test(name) && name !== '.' && name !== '..';

/** A name to show and to save under; never one to look a file up by. */
export const FileName = line(LIMITS.fileNameChars).check(z.refine(isSafeFileName, 'must not hold paths, control characters or changes of direction'));

/** `type/subtype`, without parameters. */
export const MediaType = z.string().check(z.maxLength(LIMITS.mediaTypeChars), z.regex(/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/, 'must be a media type'));
/** Pixels of one side. */
const Side = z.int().check(z.positive(), z.lte(1_000_000));

const shape = { id: Id, name: FileName, type: MediaType, bytes: z.int().check(z.nonnegative()), width: z.optional(Side), height: z.optional(Side) };

export const Attachment = z.object(shape);
export type Attachment = z.infer<typeof Attachment>;

/** As a member may send them: each file once. */
export const Attachments = z.array(z.strictObject(shape)).check(
  z.minLength(1),
  z.maxLength(LIMITS.attachments),
  z.refine((list) => new Set(list.map((one) => one.id)).size === list.length, 'must name each file once'),
);
