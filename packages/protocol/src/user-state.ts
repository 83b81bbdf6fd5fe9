// The user's state: a versioned map per user. `ver` is dense per user, so a client that sees ver != last + 1 knows that it missed
// something and asks for the changes after its own. It is the room list at connect.
import * as z from 'zod/mini';
import { Id, Role, Seq } from './ids.ts';
import { LIMITS } from './limits.ts';

/** Key `room:<id>`: I am a member. Written in the same transaction as the membership event; null when I no longer am. */
export const RoomStateValue = z.object({ role: Role, /** events with seq > floor are mine to see */ floor: Seq, joinSeq: Seq });
/**
 * Key `read:<room>`: a last-writer register by `n` (the client's counter per room), of two with the same `n` the greater `seq`. `unread` is exact at event `at`;
 * fold later events over it with `foldUnread`.
 */
export const ReadStateValue = z.object({ seq: Seq, n: Seq, unread: Seq, at: Seq });
/** Key `mute:<room>`. */
export const MuteStateValue = z.object({ muted: z.boolean() });
/** Key `draft:<room>`. */
export const DraftStateValue = z.object({ text: z.string(), replyTo: z.optional(z.nullable(Seq)) });

export type RoomStateValue = z.infer<typeof RoomStateValue>;
export type ReadStateValue = z.infer<typeof ReadStateValue>;

/** One key's present value; null is a tombstone, which is kept so that a late client learns of it. */
export const StateChange = z.object({ key: z.string(), value: z.unknown(), ver: Seq });
export type StateChange = { key: string; value: unknown; ver: number };

/** Keys that the user's own clients may write. */
export const OwnStateKey = z
  .string()
  .check(
    z.maxLength(LIMITS.stateKeyChars),
    z.regex(
      /^(mute|draft):[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$|^pref:[a-z][a-z0-9._-]*$/,
      'must be mute:<room>, draft:<room> or pref:<name>',
    ),
  );

export { stateKey } from './wire-names.ts';

/** Changes in version order. `full`: this is the whole state, forget what is not in it. */
export const MyChanges = z.object({ ver: Seq, full: z.boolean(), changes: z.array(StateChange) });
export type MyChanges = z.infer<typeof MyChanges>;

export const MarkRead = z.strictObject({ room: Id, seq: Seq, n: Seq });
export type MarkRead = z.infer<typeof MarkRead>;
