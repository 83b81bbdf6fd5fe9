// Ids and small strings that cross the wire. All ids are UUIDs made by a port (v7 where order helps reading, never for ordering).
import * as z from 'zod/mini';
import { LIMITS } from './limits.ts';

/** Postgres' jsonb holds neither U+0000 nor lone surrogates; either would stop a partition if it got in. */
export const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

const storable = z.refine<string>(isStorable, 'must not hold U+0000 or lone surrogates');
const encoder = new TextEncoder();
export const utf8Bytes = (text: string): number => encoder.encode(text).byteLength;

/** Lower case only: an id is a key, and a room's id in another case would be in another partition. */
export const Id = z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a UUID in lower case'));
export const Seq = z.int().check(z.nonnegative());
/** Up to the last moment that a Date can hold: a later one would throw where it is shown. */
export const TimeMs = z.int().check(z.nonnegative(), z.lte(8_640_000_000_000_000));

/** One line of text for people: trimmed by the writer, storable, at most `chars` UTF-16 units. */
export const line = (chars: number, min = 1) =>
  z.string().check(
    z.minLength(min),
    z.maxLength(chars),
    storable,
    z.refine((s) => !/[\r\n]/.test(s), 'must be one line'),
  );

/** What @mentions and sign-in use: a-z, 0-9, dot, dash, underscore; compared without case. */
export const Handle = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(LIMITS.handleChars),
    z.regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be a-z, 0-9, dot, dash or underscore, and begin with a letter or digit'),
  );

/** A UTF-16 unit is three bytes at most, so a short text need not be encoded to be measured. */
const isSmall = (text: string): boolean =>
  text.length * 3 <= LIMITS.messageBytes || (text.length <= LIMITS.messageBytes && utf8Bytes(text) <= LIMITS.messageBytes);
const fits = z.refine<string>(isSmall, `must be at most ${LIMITS.messageBytes} bytes`);
/** The text of a message: storable, not blank, at most LIMITS.messageBytes of UTF-8. */
export const MessageText = z.string().check(
  z.minLength(1),
  storable,
  z.refine((s) => s.trim().length > 0, 'must not be blank'),
  fits,
);
/** The text beside attachments, which may be empty. */
export const AttachedText = z.string().check(storable, fits);

export const Emoji = z.string().check(
  z.minLength(1),
  z.maxLength(LIMITS.emojiChars),
  storable,
  z.refine((s) => !/\s/.test(s), 'must be one emoji'),
  // Reactions are a record by emoji, and a record does not hold this key: it would be counted in one place and lost in another.
  z.refine((s) => s !== '__proto__', 'must be one emoji'),
);

export const RoomKind = z.enum(['direct', 'group', 'channel']);
export const Visibility = z.enum(['public', 'private']);
export const History = z.enum(['all', 'since_join']);
export const Role = z.enum(['owner', 'admin', 'member']);

export type RoomKind = z.infer<typeof RoomKind>;
export type Visibility = z.infer<typeof Visibility>;
export type History = z.infer<typeof History>;
export type Role = z.infer<typeof Role>;
