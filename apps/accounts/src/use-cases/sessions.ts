// My sessions: which there are, ending one, ending all others with a new password.
import { ParleyError, type Sessions } from '@parley/protocol';
import type { z } from 'zod/mini';
import { SESSION_IDLE_MS } from '../credentials/refresh-tokens.ts';
import { emitSession } from '../store/outbox.ts';
import { type Transaction, transact } from '../store/store.ts';
import { findPerson, lockPerson, setPasswordHash } from '../store/store-people.ts';
import { type EndedBy, endOtherSessions, endSession, liveSessions, sessionOwner } from '../store/store-sessions.ts';
import type { Caller, Context, Visitor } from './context.ts';
import { checkPassword } from './register.ts';

export async function listSessions({ database, clock }: Context, caller: Caller): Promise<z.infer<typeof Sessions>> {
  const rows = await liveSessions(database, caller.user, clock.now() - SESSION_IDLE_MS);
  return { sessions: rows.map((row) => ({ ...row, current: row.id === caller.session })) };
}

/** Ends one of the caller's sessions. Throws ParleyError('not_found') when it is not a live one of theirs. */
export async function revokeSession(context: Context, caller: Caller, session: string): Promise<void> {
  const ended = await transact(context.database, (tx) => endOne(context, tx, caller.user, session, 'revoked'));
  if (!ended) throw new ParleyError('not_found', 'There is no such session.');
  context.told();
}

/** Ends the session; one that has ended already is no error. */
export async function logout(context: Context, by: { user: string; session: string }): Promise<void> {
  await transact(context.database, (tx) => endOne(context, tx, by.user, by.session, 'logout'));
  context.told();
}

/** Logout with the refresh token, for a client whose access token has run out. A token that is not ours ends nothing. */
export async function logoutByRefreshToken(context: Context, token: string): Promise<void> {
  const presented = context.refresh.read(token);
  if (!presented) throw new ParleyError('unauthenticated', 'The refresh token is not one of ours.');
  await transact(context.database, async (tx) => {
    const user = await sessionOwner(tx, presented.session);
    if (user !== null) await endOne(context, tx, user, presented.session, 'logout');
  });
  context.told();
}

async function endOne({ clock }: Context, tx: Transaction, user: string, session: string, by: EndedBy): Promise<boolean> {
  const now = clock.now();
  await lockPerson(tx, user);
  if (!(await endSession(tx, session, user, by, now))) return false;
  await emitSession(tx, { v: 1, type: 'session.revoked', session, user, time: now });
  return true;
}

/** Changes the password and ends every other session. Throws ParleyError: slow_down, invalid_credentials, weak_password. */
export async function changePassword(context: Context, caller: Caller, visitor: Visitor, input: { current: string; next: string }): Promise<void> {
  const { clock, database, passwords } = context;
  const found = await findPerson(database, caller.user);
  if (!found) throw new ParleyError('unauthenticated');
  await context.limits.take('login', visitor.address, found.person.handle);
  const { ok } = await passwords.verify(input.current, found.passwordHash);
  if (!ok) throw new ParleyError('invalid_credentials', 'The current password is not right.');
  checkPassword(input.next, found.person.handle);
  const newHash = await passwords.hash(input.next);

  await transact(database, async (tx) => {
    const row = await lockPerson(tx, caller.user);
    if (row?.passwordHash !== found.passwordHash) throw new ParleyError('invalid_credentials', 'The password was changed in the meantime.');
    await setPasswordHash(tx, caller.user, newHash);
    const now = clock.now();
    // Each by name as well: `user.revoked` tells sessions apart by time, and a token knows its time only to the second.
    for (const session of await endOtherSessions(tx, caller.user, caller.session, 'password', now)) {
      await emitSession(tx, { v: 1, type: 'session.revoked', session, user: caller.user, time: now });
    }
    await emitSession(tx, { v: 1, type: 'user.revoked', user: caller.user, except: caller.session, time: now });
  });
  context.told();
}
