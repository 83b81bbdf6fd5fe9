// Who people are: profiles, looked up, changed, brought over from another system.
import { Id, isStorable, LIMITS, type Me, ParleyError, type People } from '@parley/protocol';
import type { z } from 'zod/mini';
import { safeParse } from 'zod/mini';
import { emitAccount } from '../store/outbox.ts';
import { transact } from '../store/store.ts';
import { findPerson, importPeople, lockPerson, peopleByIds, peopleByPrefix, setName } from '../store/store-people.ts';
import type { Caller, Context } from './context.ts';

const SEARCH_RESULTS = 50;

export async function readMe({ database }: Context, caller: Caller): Promise<z.infer<typeof Me>> {
  const row = await findPerson(database, caller.user);
  if (!row) throw new ParleyError('unauthenticated');
  return { user: row.person, role: row.role, session: caller.session };
}

export async function changeProfile(context: Context, caller: Caller, input: { name: string }): Promise<z.infer<typeof Me>> {
  const name = input.name.trim();
  if (name === '') throw new ParleyError('invalid', 'The name must not be blank.');
  const { person, role } = await transact(context.database, async (tx) => {
    const row = await lockPerson(tx, caller.user);
    if (!row) throw new ParleyError('unauthenticated');
    const changed = await setName(tx, caller.user, name);
    await emitAccount(tx, { v: 1, type: 'person.changed', user: caller.user, ver: changed.ver, time: context.clock.now() });
    return { person: changed, role: row.role };
  });
  context.told();
  return { user: person, role, session: caller.session };
}

/** By ids (unknown ones are left out), or by the beginning of handle or name. Throws ParleyError('invalid') for neither, both, or bad ids. */
export async function findPeople({ database }: Context, query: { ids?: string | undefined; q?: string | undefined }): Promise<z.infer<typeof People>> {
  if ((query.ids === undefined) === (query.q === undefined)) throw new ParleyError('invalid', 'Name either ids or q.');
  if (query.q !== undefined && !isStorable(query.q)) throw new ParleyError('invalid', 'q must not hold U+0000 or lone surrogates.');
  if (query.q !== undefined) return { people: query.q.trim() === '' ? [] : await peopleByPrefix(database, query.q.trim(), SEARCH_RESULTS) };
  const ids = [...new Set((query.ids ?? '').split(',').filter((id) => id !== ''))];
  if (ids.length > LIMITS.peoplePage) throw new ParleyError('invalid', `At most ${LIMITS.peoplePage} ids.`, { details: { peoplePage: LIMITS.peoplePage } });
  if (!ids.every((id) => safeParse(Id, id).success)) throw new ParleyError('invalid', 'Each of ids must be an id.');
  return { people: await peopleByIds(database, ids) };
}

/** People of another system: they cannot sign in. Answers each handle's person, in the order given. */
export async function bringPeople({ database, rng, clock }: Context, people: readonly { handle: string; name: string }[]): Promise<z.infer<typeof People>> {
  const rows = await importPeople(
    database,
    people.map((person) => ({ id: rng.id(), handle: person.handle, name: person.name.trim() || person.handle })),
    clock.now(),
  );
  const byHandle = new Map(rows.map((person) => [person.handle, person]));
  return { people: people.flatMap((person) => byHandle.get(person.handle) ?? []) };
}
