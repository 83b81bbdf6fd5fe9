// What the gateway and rooms ask of messages, the truth about sequence, membership by log order and user state.
import * as z from 'zod/mini';
import { Position } from '../frames.ts';
import { Id, Role, Seq } from '../ids.ts';
import { AnyRoomEvent } from '../room-events.ts';
import { MarkRead, MyChanges } from '../user-state.ts';
import { contract } from './contract.ts';

/** A member's right in a room. The view is (floor, end]. */
export const Right = z.object({ room: Id, role: Role, floor: Seq, joinSeq: Seq, head: Seq });
export type Right = z.infer<typeof Right>;

/**
 * Resumes of many sockets in one call (gateways collect for up to 50 ms), answered by one statement on the primary:
 * for each item, in order, the user's changed keys after `me` (all, when null), the rights in every room of theirs.
 * `rooms` are the places the client named: those not in `rights` are `gone`.
 */
export const syncUsers = contract(
  'messages.sync',
  z.object({ items: z.array(z.object({ user: Id, me: z.nullable(Seq), rooms: z.record(Id, Position) })) }),
  z.object({ epoch: Id, items: z.array(z.object({ me: MyChanges, rights: z.array(Right) })) }),
  { idempotent: true },
);

/** Heads that changed since the caller's positions ({} = none known: answers positions only), and the heads of `rooms` named. */
export const readHeads = contract(
  'messages.heads',
  z.object({ since: z.record(z.string(), Seq), rooms: z.array(Id) }),
  z.object({ epoch: Id, positions: z.record(z.string(), Seq), heads: z.record(Id, Seq) }),
  { idempotent: true },
);

/** Events of a room with seq in (after, after + limit], contiguous. Not clamped: the gateway clamps by the member's floor. */
export const readEvents = contract(
  'messages.events',
  z.object({ room: Id, after: Seq, limit: z.int() }),
  z.object({ head: Seq, events: z.array(AnyRoomEvent) }),
  { idempotent: true },
);

/** What a person may see of one room as of now: null when they are no member of it, or there is none. For who must decide at each read. */
export const readRight = contract('messages.right', z.object({ user: Id, room: Id }), z.object({ right: z.nullable(Right) }), { idempotent: true });

/** Read marks of many users in one statement. An older `n` is ignored; a mark is clamped to [floor, head]. */
export const markRead = contract('messages.markRead', z.object({ marks: z.array(z.object({ user: Id, mark: MarkRead })) }), z.object({}), { idempotent: true });
