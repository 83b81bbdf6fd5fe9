// What the Feed carries between messages, accounts and the gateway workers. Not the truth: anything here may be lost.
import * as z from 'zod/mini';
import { Id, Seq } from './ids.ts';
import { CommandResult } from './room-commands.ts';
import { AnyRoomEvent, RoomEvent } from './room-events.ts';
import { StateChange } from './user-state.ts';

/** On `room:<id>`: events in seq order, contiguous within one payload. */
export const FeedEvents = z.object({
  room: Id,
  events: z.array(AnyRoomEvent),
  /** seq -> traceparent, for events that somebody follows. */
  traces: z.optional(z.record(z.string(), z.string())),
});
export type FeedEvents = { room: string; events: AnyRoomEvent[]; traces?: Record<string, string> };

/** On `user:<id>`: changes of the user's state in ver order, or results of the user's commands. */
export const FeedUser = z.object({ user: Id, changes: z.array(StateChange), results: z.array(CommandResult) });
export type FeedUser = { user: string; changes: StateChange[]; results: CommandResult[] };

/** On `now:<room>`: ephemera. */
export const FeedNow = z.object({ room: Id, typing: Id, on: z.boolean() });
export type FeedNow = z.infer<typeof FeedNow>;

/** A record of topic `room.event`: a committed event with what its consumers need beside it. */
export const CommittedEvent = z.object({
  v: z.literal(1),
  event: RoomEvent,
  /** rooms' number of the change, when rooms asked for it */ mver: z.nullable(z.int()),
  pos: Seq,
  partition: z.int(),
  /** W3C traceparent, when somebody follows the message. */
  trace: z.optional(z.string()),
});
export type CommittedEvent = z.infer<typeof CommittedEvent>;
