// An account is erased: at once nobody can sign in with it and its name is gone; what other services hold of it follows as a saga.
import { ParleyError } from '@parley/protocol';
import { ERASURE, ERASURE_DEADLINE_MS, ERASURE_FIRST_STEP } from '../erasure/erasure-saga.ts';
import { emitAccount, emitSession } from '../store/outbox.ts';
import { transact } from '../store/store.ts';
import { insertErasure, makeNobody } from '../store/store-erasure.ts';
import { findPerson, lockPerson } from '../store/store-people.ts';
import { endAllSessions } from '../store/store-sessions.ts';
import type { Caller, Context, Visitor } from './context.ts';

export interface Erasing {
  readonly saga: string;
}

/** My own account, with my password. Throws ParleyError: slow_down, invalid_credentials, forbidden (the owner of the installation). */
export async function eraseMe(context: Context, caller: Caller, visitor: Visitor, password: string): Promise<Erasing> {
  const found = await findPerson(context.database, caller.user);
  if (!found) throw new ParleyError('unauthenticated');
  await context.limits.take('login', visitor.address, found.person.handle);
  const { ok } = await context.passwords.verify(password, found.passwordHash);
  if (!ok) throw new ParleyError('invalid_credentials', 'The password is not right.');
  return erase(context, caller.user);
}

/** Somebody else's, as the owner of the installation. Throws ParleyError: not_found, forbidden (oneself, bots). */
export async function erasePerson(context: Context, user: string): Promise<Erasing> {
  return erase(context, user);
}

/** Asked again, it answers the erasure that is under way. */
async function erase({ database, clock, rng, told, sagas }: Context, user: string): Promise<Erasing> {
  const saga = await transact(database, async (tx) => {
    const row = await lockPerson(tx, user);
    if (!row) throw new ParleyError('not_found', 'There is no such person.');
    if (row.role === 'owner') throw new ParleyError('forbidden', 'The owner holds this installation: their account cannot be erased.');
    if (row.person.bot) throw new ParleyError('forbidden', 'Parley itself cannot be erased.');
    if (row.erasure !== null) return row.erasure;
    const id = rng.id();
    const now = clock.now();
    for (const session of await endAllSessions(tx, user, 'erased', now)) {
      await emitSession(tx, { v: 1, type: 'session.revoked', session, user, time: now });
    }
    await emitSession(tx, { v: 1, type: 'user.revoked', user, except: null, time: now });
    const ver = await makeNobody(tx, user, id);
    await emitAccount(tx, { v: 1, type: 'person.changed', user, ver, time: now });
    await insertErasure(tx, { id, kind: ERASURE, step: ERASURE_FIRST_STEP, user, now, deadlineMs: ERASURE_DEADLINE_MS });
    return id;
  });
  told();
  sagas.wake();
  return { saga };
}
