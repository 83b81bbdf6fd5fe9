// HTTP bodies of rooms: which rooms there are, who is in them, and who may do what.
import * as z from 'zod/mini';
import { History, Id, line, Role, Seq, TimeMs, Visibility } from '../ids.ts';
import { LIMITS } from '../limits.ts';

export const RoomName = line(LIMITS.roomNameChars);
export const RoomTopic = line(LIMITS.roomTopicChars, 0);

/** POST /api/rooms. `members`: people to add at once beside the creator, who becomes owner. */
export const CreateRoom = z.strictObject({
  kind: z.enum(['group', 'channel']),
  name: RoomName,
  topic: z.optional(RoomTopic),
  visibility: z.optional(Visibility),
  history: z.optional(History),
  members: z.optional(z.array(Id).check(z.maxLength(LIMITS.membersPage))),
});
export type CreateRoom = z.infer<typeof CreateRoom>;
/** POST /api/direct: the one direct room with this person, made if there is none. */
export const OpenDirect = z.strictObject({ user: Id });
/** PATCH /api/rooms/:room. Each named field becomes one change, in this order. */
export const ChangeRoom = z.strictObject({ name: z.optional(RoomName), topic: z.optional(RoomTopic), archived: z.optional(z.boolean()) });
export const AddMembers = z.strictObject({ users: z.array(Id).check(z.minLength(1), z.maxLength(LIMITS.membersPage)) });
export const ChangeRole = z.strictObject({ role: Role });
/** POST /api/rooms/:room/invitations: a link that lets people join a private room. */
export const MakeRoomInvitation = z.strictObject({
  uses: z.optional(z.int().check(z.positive(), z.lte(1000))),
  expiresInMs: z.optional(z.int().check(z.positive())),
});
export const RoomInvitation = z.object({ code: z.string(), room: Id, usesLeft: z.int(), expiresAt: TimeMs });
export const RoomInvitations = z.object({ invitations: z.array(RoomInvitation) });

/**
 * Answer of every change: the last of its events. It comes after the event has a seq; when that takes longer than 5 s the answer is
 * HTTP 202 with status `pending` and no seq: it will happen, do not repeat it.
 */
export const RoomChanged = z.object({ room: Id, status: z.enum(['done', 'pending']), epoch: z.optional(Id), seq: z.optional(Seq) });
export type RoomChanged = z.infer<typeof RoomChanged>;

/** GET /api/rooms/public?q= : channels that anybody may join. */
export const PublicRooms = z.object({ rooms: z.array(z.object({ room: Id, name: z.string(), topic: z.string(), members: z.int(), joined: z.boolean() })) });
