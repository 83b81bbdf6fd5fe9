// The one Parley of this page, and how components look at its state: a selector each, so that they draw only when their part changes.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import type { ClientState, Parley, RoomState } from '../model/shapes.ts';

const Context = createContext<Parley | null>(null);

export function ClientProvider({ parley, children }: { parley: Parley; children: ReactNode }) {
  return <Context value={parley}>{children}</Context>;
}

export function useParley(): Parley {
  const parley = useContext(Context);
  if (parley === null) throw new Error('useParley needs a ClientProvider above it');
  return parley;
}

/** A part of the state. The selector must answer the same object while its part did not change (pick, do not build). */
export function useClient<T>(select: (state: ClientState) => T): T {
  const parley = useParley();
  const subscribe = useCallback((listener: () => void) => parley.subscribe(listener), [parley]);
  return useSyncExternalStore(subscribe, () => select(parley.state));
}

export const useRoom = (id: string | null): RoomState | undefined => useClient((state) => (id === null ? undefined : state.rooms.get(id)));

/** Asks for the people that are shown and not known yet. The SDK batches. */
export function useKnownPeople(ids: readonly string[]): void {
  const parley = useParley();
  const asked = useRef(new Set<string>());
  useEffect(() => {
    const missing = ids.filter((id) => !asked.current.has(id) && !parley.state.people.has(id));
    if (missing.length === 0) return;
    for (const id of missing) asked.current.add(id);
    parley.people.load(missing).catch(() => {
      for (const id of missing) asked.current.delete(id);
    });
  });
}
