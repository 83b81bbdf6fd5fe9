// Groups sockets by what they are to be told, so that each list is encoded once: those who watch the same people are told the same.
import type { PresenceList } from '@parley/protocol';
import type { Session } from '../session.ts';

/** A list that grew by one change out of another. */
interface Grown {
  readonly from: Grown | null;
  readonly entry: PresenceList[number];
  readonly sessions: Set<Session>;
}

/** Every socket that watches somebody of `changed` is in exactly one group, beside all that get the very same list. Costs a step per change and watcher. */
export function listsBySession(
  changed: ReadonlyMap<string, boolean>,
  watchersOf: (user: string) => Iterable<Session> | undefined,
): readonly (readonly [list: PresenceList, sessions: ReadonlySet<Session>])[] {
  const at = new Map<Session, Grown>();
  const all: Grown[] = [];
  for (const [user, online] of changed) {
    const entry = { user, state: online ? 'online' : 'offline' } as const;
    const children = new Map<Grown | null, Grown>();
    for (const session of watchersOf(user) ?? []) {
      const from = at.get(session) ?? null;
      let grown = children.get(from);
      if (grown === undefined) {
        grown = { from, entry, sessions: new Set() };
        children.set(from, grown);
        all.push(grown);
      }
      from?.sessions.delete(session);
      grown.sessions.add(session);
      at.set(session, grown);
    }
  }
  return all.filter(({ sessions }) => sessions.size > 0).map((grown) => [listOf(grown), grown.sessions] as const);
}

function listOf(last: Grown): PresenceList {
  const list: PresenceList = [];
  for (let grown: Grown | null = last; grown !== null; grown = grown.from) list.push(grown.entry);
  return list.reverse();
}
