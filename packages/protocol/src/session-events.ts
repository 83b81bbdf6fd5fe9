// What accounts tells the rest: sessions that ended (topic `session.event`) and people who came or changed (topic `account.event`).
import * as z from 'zod/mini';
import { Id, TimeMs } from './ids.ts';

export const SessionEvent = z.discriminatedUnion('type', [
  /** One session ended: logged out, revoked, or its refresh token was used twice. */
  z.object({ v: z.literal(1), type: z.literal('session.revoked'), session: Id, user: Id, time: TimeMs }),
  /** Every session of the user that began before `time` ended, but for `except`: password change, ban, erasure. */
  z.object({ v: z.literal(1), type: z.literal('user.revoked'), user: Id, except: z.nullable(Id), time: TimeMs }),
]);
export type SessionEvent = z.infer<typeof SessionEvent>;

export const AccountEvent = z.discriminatedUnion('type', [
  z.object({ v: z.literal(1), type: z.literal('account.created'), user: Id, owner: z.boolean(), time: TimeMs }),
  /** The profile changed: those who show this person fetch it again. */
  z.object({ v: z.literal(1), type: z.literal('person.changed'), user: Id, ver: z.int(), time: TimeMs }),
]);
export type AccountEvent = z.infer<typeof AccountEvent>;

/** Claims of an access token (EdDSA JWT, 10 minutes). */
export const AccessClaims = z.object({
  sub: Id,
  /** Session. */
  sid: Id,
  exp: z.int(),
  iat: z.int(),
  /** Role in the installation. */
  role: z.enum(['owner', 'member']),
  /** Rate-limit class: people, or what came with a load key. */
  cls: z.enum(['person', 'load']),
});
export type AccessClaims = z.infer<typeof AccessClaims>;
