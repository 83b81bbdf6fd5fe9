// The socket: Socket.IO v5 packets on WebSocket, default namespace. Client frames are acked; server frames are not.
// Every ack is `{ok: true, …}` or `{ok: false, error}`. Before any close the server says `bye`.
import * as z from 'zod/mini';
import { ERROR_CODES } from './errors.ts';
import { Id, Seq, TimeMs } from './ids.ts';
import { LIMITS } from './limits.ts';
import { CommandResult, MemberCommand } from './room-commands.ts';
import { AnyRoomEvent } from './room-events.ts';
import { MarkRead, MyChanges, StateChange } from './user-state.ts';

export const ErrorFrame = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  retryAfterMs: z.optional(z.number()),
  details: z.optional(z.unknown()),
});

/** `auth` of the Socket.IO handshake. */
export const Handshake = z.object({ token: z.string(), protocol: z.int(), client: z.optional(z.string().check(z.maxLength(100))) });
export type Handshake = z.infer<typeof Handshake>;

/** A place in a room: everything up to and with seq was applied, under that epoch. */
export const Position = z.strictObject({ epoch: Id, seq: Seq });
export type Position = z.infer<typeof Position>;

/** What the client has: `me` = the version of its user state (null: nothing), `rooms` = its places. */
export const ResumeRequest = z.strictObject({
  me: z.nullable(Seq),
  rooms: z.record(Id, Position).check(z.refine((rooms) => Object.keys(rooms).length <= LIMITS.resumeRooms, `at most ${LIMITS.resumeRooms} rooms`)),
});
export type ResumeRequest = z.infer<typeof ResumeRequest>;

/**
 * Answer of `resume`. For each room of mine: `from` = the place that the following `event` frames continue from
 * (its seq + 1 is the next event I get). `reset` = my place was too old or of another epoch: fetch the room's snapshot,
 * which is at `from` or later, and apply what is newer. `gone` = named by me but not mine (any more).
 */
export const ResumeAnswer = z.object({
  epoch: Id,
  me: MyChanges,
  rooms: z.record(Id, z.object({ from: Seq, head: Seq, reset: z.boolean() })),
  gone: z.array(Id),
});
export type ResumeAnswer = z.infer<typeof ResumeAnswer>;

/** Client -> server: event name -> payload. */
export const CLIENT_FRAMES = {
  /** First after connect, once; answers ResumeAnswer, then `event` frames follow until `live`. */
  resume: ResumeRequest,
  /** A room command. Ack `{ok: true, status: 'accepted'}` = durable in the log; its result follows as `result`. */
  send: MemberCommand,
  /** Read marks; answered at once, written together. */
  read: MarkRead,
  /** I am (not) typing in a room; not acked. */
  typing: z.strictObject({ room: Id, on: z.boolean() }),
  /** Whose presence I show: replaces what I watched before. Answers their present state. */
  watch: z.strictObject({ people: z.array(Id).check(z.maxLength(LIMITS.watchedPeople)) }),
  /** A fresh access token for this live socket. */
  auth: z.strictObject({ token: z.string().check(z.maxLength(4096)) }),
} as const;
export type ClientFrameName = keyof typeof CLIENT_FRAMES;

export const PresenceState = z.enum(['online', 'offline']);
export const PresenceList = z.array(z.object({ user: Id, state: PresenceState }));
export type PresenceList = z.infer<typeof PresenceList>;

/** Server -> client: event name -> payload. */
export const SERVER_FRAMES = {
  /** First frame after connect. */
  hello: z.object({
    protocol: z.int(),
    user: Id,
    session: Id,
    epoch: Id,
    serverTime: TimeMs,
    gateway: z.string(),
    /** Which part of all messages a client that tells of traces should follow: 0 to 1. */
    traceRatio: z.optional(z.number()),
  }),
  /** One event of a room, in seq order; live and catching up look the same. */
  event: AnyRoomEvent,
  /** I have caught up with the room to `seq`; what follows is live. */
  live: z.object({ room: Id, seq: Seq }),
  /** This socket fell behind in the room; it catches up by itself. Typing and presence may have been left out. */
  behind: z.object({ room: Id, head: Seq }),
  /** My place cannot be continued: fetch the room's snapshot; events from `from` + 1 follow. */
  reset: z.object({ room: Id, from: Seq, epoch: Id }),
  /** The room is not mine any more. */
  gone: z.object({ room: Id }),
  /** Changes of my state; a `ver` that is not mine + 1 = fetch GET /api/me/changes. */
  state: z.object({ changes: z.array(StateChange) }),
  result: CommandResult,
  typing: z.object({ room: Id, user: Id, on: z.boolean() }),
  presence: PresenceList,
  /** A person's profile changed: fetch it again. */
  person: z.object({ user: Id, ver: z.int() }),
  /** The socket is about to be closed, and why. `retryAfterMs`: when to come back. */
  bye: z.object({ code: z.enum(ERROR_CODES), message: z.string(), retryAfterMs: z.optional(z.number()) }),
} as const;
export type ServerFrameName = keyof typeof SERVER_FRAMES;
export type ServerFrame<T extends ServerFrameName> = z.infer<(typeof SERVER_FRAMES)[T]>;
export type ClientFrame<T extends ClientFrameName> = z.infer<(typeof CLIENT_FRAMES)[T]>;

export type Ack<T = object> = ({ ok: true } & T) | { ok: false; error: z.infer<typeof ErrorFrame> };
