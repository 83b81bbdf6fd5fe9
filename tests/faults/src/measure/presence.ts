// Who is shown online to whom, against who is: everybody watches everybody.
import type { Person } from '../world/person.ts';

export function watchAll(people: readonly Person[]): void {
  for (const { parley, user } of people) parley.people.watch(people.map((one) => one.user).filter((one) => one !== user));
}

/** Pairs (watcher, watched) where the watcher is shown something else than what is; watchers that are not connected show nothing. */
export const wrongPresence = (people: readonly Person[]): number =>
  people
    .filter(({ parley }) => parley.state.status === 'online')
    .flatMap((watcher) =>
      people.filter(
        (one) =>
          one.user !== watcher.user &&
          (watcher.parley.state.presence.get(one.user) ?? 'offline') !== (one.parley.state.status === 'online' ? 'online' : 'offline'),
      ),
    ).length;
