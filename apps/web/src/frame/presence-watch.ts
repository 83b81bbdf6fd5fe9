// Whose presence is asked for: the people of direct rooms, and those of the open room. Bounded as the wire is.
import { LIMITS } from '@parley/sdk';
import { useEffect } from 'react';
import { otherPerson } from '../model/names.ts';
import { useClient, useParley } from '../state/client.tsx';

export function usePresenceWatch(open: string | null): void {
  const parley = useParley();
  // A string, so that the effect runs only when somebody came or went.
  const watched = useClient((state) => {
    const me = state.me?.user.id ?? '';
    const people = new Set<string>([me]);
    for (const room of state.rooms.values()) {
      const other = otherPerson(room, me);
      if (other !== null) people.add(other);
    }
    for (const id of (open === null ? null : state.rooms.get(open)?.members)?.keys() ?? []) people.add(id);
    return [...people].slice(0, LIMITS.watchedPeople).join(' ');
  });
  useEffect(() => {
    parley.people.watch(watched.split(' ').filter((id) => id !== ''));
  }, [parley, watched]);
}
