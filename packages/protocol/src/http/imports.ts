// HTTP bodies of imports: a room of another system, brought in part by part and then run as one thing that ends whole or not at all.
import * as z from 'zod/mini';
import { Handle, History, Id, MessageText, TimeMs, Visibility } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { DisplayName } from './accounts.ts';
import { RoomName, RoomTopic } from './rooms.ts';

/** POST /api/imports: what the room will be. Nothing happens until it is run; what is not run within a day is forgotten. */
export const BeginImport = z.strictObject({
  /** The caller's own id for it: begun again, it is the same import. */
  id: z.optional(Id),
  name: RoomName,
  topic: z.optional(RoomTopic),
  visibility: z.optional(Visibility),
  history: z.optional(History),
  /** Do the authors become members? Default true. */
  join: z.optional(z.boolean()),
});
export type BeginImport = z.infer<typeof BeginImport>;

const ref = { author: Handle, clientId: Id };

/** PUT /api/imports/:import/parts/:n (n from 0, dense): people, or messages whose authors are named by handle. The same n again replaces it. */
export const ImportPart = z.union([
  z.strictObject({ people: z.array(z.strictObject({ handle: Handle, name: DisplayName })).check(z.minLength(1), z.maxLength(LIMITS.importBatch)) }),
  z.strictObject({
    messages: z
      .array(z.strictObject({ ...ref, time: TimeMs, text: MessageText, replyTo: z.optional(z.nullable(z.strictObject(ref))) }))
      .check(z.minLength(1), z.maxLength(LIMITS.importBatch)),
  }),
]);
export type ImportPart = z.infer<typeof ImportPart>;

/** POST /api/imports/:import/run: how many parts there must be. */
export const RunImport = z.strictObject({ parts: z.int().check(z.positive(), z.lte(100_000)) });

/** GET /api/imports/:import. */
export const ImportProgress = z.object({
  import: Id,
  /** collecting: parts may come; undone: it could not be, or was cancelled, and its room is archived. */
  state: z.enum(['collecting', 'running', 'undoing', 'done', 'undone']),
  room: z.nullable(Id),
  parts: z.int(),
  partsDone: z.int(),
  messages: z.int(),
  reason: z.nullable(z.string()),
});
export type ImportProgress = z.infer<typeof ImportProgress>;
