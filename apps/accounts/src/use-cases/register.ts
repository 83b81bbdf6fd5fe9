// A new account. The first one of an installation owns it: exactly one, whoever races.
import { createHash, timingSafeEqual } from 'node:crypto';
import { LIMITS, ParleyError, type Register, type Tokens } from '@parley/protocol';
import { emitAccount } from '../store/outbox.ts';
import { transact } from '../store/store.ts';
import { type InstallationRow, lockInstallation, markOwned, readInstallation, useInvitation } from '../store/store-access.ts';
import { insertPerson, type Role } from '../store/store-people.ts';
import { insertSession } from '../store/store-sessions.ts';
import { type Context, tokensFor, type Visitor } from './context.ts';
import { sessionClass } from './load-keys.ts';

/**
 * Throws ParleyError: slow_down, weak_password, setup_code_required, registration_closed, invitation_invalid, handle_taken.
 */
export async function register(context: Context, input: Register, visitor: Visitor): Promise<Tokens> {
  const { clock, rng, database } = context;
  const cls = await sessionClass(context, visitor);
  if (cls === 'person') await context.limits.take('register', visitor.address, input.handle);
  checkPassword(input.password, input.handle);
  // Before the costly hash; what counts is asked again under the lock.
  checkMayRegister(context, await readInstallation(database), input);

  const passwordHash = await context.passwords.hash(input.password);
  const now = clock.now();
  const id = rng.id();
  const session = rng.id();
  const refreshToken = context.refresh.derive(session, 1);

  const made = await transact(database, async (tx) => {
    const installation = await lockInstallation(tx);
    checkMayRegister(context, installation, input);
    const role: Role = installation.hasOwner ? 'member' : 'owner';
    if (needsInvitation(context, installation) && !(await useInvitation(tx, input.invitation ?? '', now))) throw new ParleyError('invitation_invalid');
    const person = await insertPerson(tx, {
      id,
      handle: input.handle,
      name: (input.name ?? input.handle).trim() || input.handle,
      passwordHash,
      role,
      createdAt: now,
    });
    if (role === 'owner') await markOwned(tx);
    await insertSession(tx, { id: session, personId: id, device: input.device ?? null, cls, refreshToken, now });
    await emitAccount(tx, { v: 1, type: 'account.created', user: id, owner: role === 'owner', time: now });
    return { person, role };
  });
  context.told();
  return tokensFor(context, { ...made, session, cls, refreshToken });
}

/** Throws ParleyError('weak_password'). */
export function checkPassword(password: string, handle: string): void {
  if (password.length < LIMITS.passwordCharsMin || password.toLowerCase() === handle.toLowerCase()) throw new ParleyError('weak_password');
}

/** Who may register now: the owner's word, or the settings until there is one. */
export const registrationOf = ({ config }: Context, installation: InstallationRow): 'open' | 'invite' => installation.registration ?? config.registration;

const needsInvitation = (context: Context, installation: InstallationRow): boolean =>
  installation.hasOwner && registrationOf(context, installation) === 'invite';

function checkMayRegister(context: Context, installation: InstallationRow, input: Register): void {
  const { setupCode } = context.config;
  if (!installation.hasOwner && setupCode !== null && !sameText(input.setupCode ?? '', setupCode)) throw new ParleyError('setup_code_required');
  if (needsInvitation(context, installation) && input.invitation === undefined) throw new ParleyError('registration_closed');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
