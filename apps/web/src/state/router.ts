// Every place has an address: rooms, messages, the detail pane, invitations. Our own, because the History API is enough for five shapes.
import { useSyncExternalStore } from 'react';

export type Detail = 'people' | 'settings';
export type Place =
  | { readonly at: 'home' }
  | { readonly at: 'room'; readonly room: string; readonly seq: number | null; readonly detail: Detail | null }
  /** A link into a room. */
  | { readonly at: 'join'; readonly code: string }
  /** A link to a new account. */
  | { readonly at: 'invited'; readonly code: string };

const HOME: Place = { at: 'home' };

/** Path -> place; what is not known is home. */
export function placeOf(path: string): Place {
  const [, first, second, third, fourth] = path.split('/').map(decodeURIComponent);
  if (first === 'join' && second) return { at: 'join', code: second };
  if (first === 'invite' && second) return { at: 'invited', code: second };
  if (first !== 'r' || !second) return HOME;
  const detail = third === 'people' || third === 'settings' ? third : null;
  const seq = third === 'm' && /^\d+$/.test(fourth ?? '') ? Number(fourth) : null;
  return { at: 'room', room: second, seq, detail };
}

export const pathTo = {
  home: '/',
  room: (room: string) => `/r/${room}`,
  message: (room: string, seq: number) => `/r/${room}/m/${seq}`,
  detail: (room: string, detail: Detail) => `/r/${room}/${detail}`,
} as const;

let place: Place | null = null;
const listeners = new Set<() => void>();

function moved(): void {
  place = placeOf(location.pathname);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('popstate', moved);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('popstate', moved);
  };
}

/** Goes to a path. `replace`: the present place is not worth coming back to. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState({ inside: true }, '', path);
  else history.replaceState(history.state, '', path);
  moved();
}

/** Back to where we came from inside the app; else to `fallback`. */
export function goBack(fallback: string): void {
  if ((history.state as { inside?: boolean } | null)?.inside === true) history.back();
  else go(fallback, 'replace');
}

export const usePlace = (): Place =>
  useSyncExternalStore(subscribe, () => {
    place ??= placeOf(location.pathname);
    return place;
  });
