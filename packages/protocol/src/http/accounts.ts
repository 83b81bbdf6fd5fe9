// HTTP bodies of accounts: who you are.
import * as z from 'zod/mini';
import { Handle, Id, line, TimeMs } from '../ids.ts';
import { LIMITS } from '../limits.ts';

const Password = z.string().check(z.minLength(1), z.maxLength(LIMITS.passwordChars));
export const DisplayName = line(LIMITS.displayNameChars);

export const Person = z.object({ id: Id, handle: z.string(), name: z.string(), ver: z.int(), bot: z.boolean() });
export type Person = z.infer<typeof Person>;
export const People = z.object({ people: z.array(Person) });

/** GET /api/setup: what a sign-in page needs to know before anybody is signed in. */
export const Setup = z.object({ owner: z.boolean(), registration: z.enum(['open', 'invite']), setupCodeRequired: z.boolean() });
export type Setup = z.infer<typeof Setup>;

/** POST /api/accounts/register. `setupCode`: the first account of an installation that listens beyond loopback. */
export const Register = z.strictObject({
  handle: Handle,
  password: Password,
  name: z.optional(DisplayName),
  invitation: z.optional(z.string().check(z.maxLength(100))),
  setupCode: z.optional(z.string().check(z.maxLength(100))),
  device: z.optional(line(100)),
});
export type Register = z.infer<typeof Register>;
export const Login = z.strictObject({ handle: z.string().check(z.maxLength(100)), password: Password, device: z.optional(line(100)) });
export type Login = z.infer<typeof Login>;
export const Refresh = z.strictObject({ refreshToken: z.string().check(z.maxLength(500)) });

/** Answer of register, login and refresh. `accessExpiresAt` in ms since 1970, by the server's clock. */
export const Tokens = z.object({
  user: Person,
  role: z.enum(['owner', 'member']),
  session: Id,
  accessToken: z.string(),
  accessExpiresAt: TimeMs,
  refreshToken: z.string(),
});
export type Tokens = z.infer<typeof Tokens>;

export const Me = z.object({ user: Person, role: z.enum(['owner', 'member']), session: Id });
export const ChangeProfile = z.strictObject({ name: DisplayName });
export const ChangePassword = z.strictObject({ current: Password, next: Password });
export const Session = z.object({ id: Id, device: z.nullable(z.string()), createdAt: TimeMs, lastUsedAt: TimeMs, current: z.boolean() });
export const Sessions = z.object({ sessions: z.array(Session) });

/** GET /api/people?ids=a,b or ?q=text (prefix of handle or name) — one of the two. */
export const PeopleQuery = z.object({
  ids: z.optional(z.string().check(z.maxLength(LIMITS.peoplePage * 37))),
  q: z.optional(z.string().check(z.maxLength(100))),
});

/** Owner only. */
export const ChangeSetup = z.strictObject({ registration: z.enum(['open', 'invite']) });
export const MakeInvitation = z.strictObject({
  uses: z.optional(z.int().check(z.positive(), z.lte(1000))),
  expiresInMs: z.optional(z.int().check(z.positive())),
});
export const Invitation = z.object({ code: z.string(), usesLeft: z.int(), expiresAt: TimeMs });
/** POST /api/load-keys: `key` is shown once. Sent as header `x-parley-load-key` to register and login, it makes sessions of class `load`. */
export const LoadKey = z.object({ id: Id, key: z.string() });
/** POST /api/people/import: people of another system; they cannot sign in. Answers each handle's person, made or already there. */
export const ImportPeople = z.strictObject({ people: z.array(z.strictObject({ handle: Handle, name: DisplayName })).check(z.maxLength(LIMITS.importBatch)) });
export { LOAD_KEY_HEADER } from '../wire-names.ts';
/** POST /api/me/erase: my account is gone for good; everything else of mine follows within minutes. */
export const EraseMe = z.strictObject({ password: Password });
/** What several services do together, and how far it is. `saga`: its id. */
export const SagaBegun = z.object({ saga: Id });
export const SagaView = z.object({
  saga: Id,
  kind: z.string(),
  state: z.enum(['running', 'undoing', 'done', 'undone']),
  step: z.string(),
  attempts: z.int(),
  /** Why the present step is not done yet, or why it is undone. */
  reason: z.nullable(z.string()),
  createdAt: TimeMs,
  dueAt: TimeMs,
  deadlineAt: TimeMs,
});
export const Sagas = z.object({ sagas: z.array(SagaView) });
export const SagasQuery = z.object({ open: z.optional(z.enum(['true', 'false'])) });
