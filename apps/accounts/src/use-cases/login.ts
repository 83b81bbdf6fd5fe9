// Signing in with a name and a password. Takes as long for a name that nobody has.
import { isStorable, type Login, ParleyError, type Tokens } from '@parley/protocol';
import { SESSION_IDLE_MS } from '../credentials/refresh-tokens.ts';
import { transact } from '../store/store.ts';
import { findByHandle, lockPerson, setPasswordHash } from '../store/store-people.ts';
import { forgetSessions, insertSession } from '../store/store-sessions.ts';
import { type Context, tokensFor, type Visitor } from './context.ts';
import { sessionClass } from './load-keys.ts';

/** Throws ParleyError: slow_down, invalid_credentials, forbidden (load key). */
export async function login(context: Context, input: Login, visitor: Visitor): Promise<Tokens> {
  const { clock, rng, database, passwords } = context;
  const handle = input.handle.trim().toLowerCase();
  const cls = await sessionClass(context, visitor);
  if (cls === 'person') await context.limits.take('login', visitor.address, handle);

  // Postgres holds no U+0000: nobody can have such a name, and asking for it would be an error.
  const found = isStorable(handle) ? await findByHandle(database, handle) : null;
  const { ok, outdated } = await passwords.verify(input.password, found?.passwordHash ?? null);
  if (!ok || !found) throw new ParleyError('invalid_credentials');
  const newHash = outdated ? await passwords.hash(input.password) : null;

  const now = clock.now();
  const session = rng.id();
  const refreshToken = context.refresh.derive(session, 1);
  const user = found.person.id;
  const current = await transact(database, async (tx) => {
    const row = await lockPerson(tx, user);
    // The password was changed while this one was checked: the old one opens nothing any more.
    if (!row || row.passwordHash !== found.passwordHash) throw new ParleyError('invalid_credentials');
    if (newHash !== null) await setPasswordHash(tx, user, newHash);
    await forgetSessions(tx, user, now - SESSION_IDLE_MS);
    await insertSession(tx, { id: session, personId: user, device: input.device ?? null, cls, refreshToken, now });
    return row;
  });
  await context.limits.succeeded(visitor.address, handle);
  return tokensFor(context, { person: current.person, role: current.role, session, cls, refreshToken });
}
