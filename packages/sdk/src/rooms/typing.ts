// Who is typing: shown for a few seconds unless told again, and told by us at most every few seconds. Never stored, never relied on.
import type { SdkClock } from '../api.ts';
import type { StateStore } from '../state-store.ts';

const SHOWN_MS = 7_000;
const TELL_EVERY_MS = 3_000;

export interface Typing {
  heard(room: string, user: string, on: boolean): void;
  tell(room: string, on: boolean, send: ((name: string, payload: unknown) => void) | null): void;
  forget(): void;
}

export function createTyping(deps: { readonly store: StateStore; readonly clock: SdkClock; readonly me: () => string }): Typing {
  const ends = new Map<string, () => void>();
  const told = new Map<string, number>();

  const show = (id: string, user: string, on: boolean) => {
    const room = deps.store.room(id);
    if (room === undefined || room.typing.includes(user) === on) return;
    deps.store.setRoom({ ...room, typing: on ? [...room.typing, user] : room.typing.filter((other) => other !== user) });
  };

  return {
    heard(room, user, on) {
      if (user === deps.me()) return;
      const key = `${room} ${user}`;
      ends.get(key)?.();
      ends.delete(key);
      show(room, user, on);
      if (!on) return;
      const cancel = deps.clock.after(SHOWN_MS, () => {
        ends.delete(key);
        show(room, user, false);
      });
      ends.set(key, cancel);
    },
    tell(room, on, send) {
      if (send === null) return;
      const last = told.get(room);
      if (on && last !== undefined && deps.clock.now() - last < TELL_EVERY_MS) return;
      if (!on && last === undefined) return;
      if (on) told.set(room, deps.clock.now());
      else told.delete(room);
      send('typing', { room, on });
    },
    forget() {
      for (const cancel of ends.values()) cancel();
      ends.clear();
      told.clear();
      for (const id of deps.store.roomIds()) {
        const room = deps.store.room(id);
        if (room !== undefined && room.typing.length > 0) deps.store.setRoom({ ...room, typing: [] });
      }
    },
  };
}
