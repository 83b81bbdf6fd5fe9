// Committed commands whose events are not here yet: they stay in sight, so that a message never vanishes between the two.
import type { SdkClock } from '../api.ts';
import type { Entry } from './outbox-entry.ts';

/** The event of a committed command comes within moments; if not, the entry goes all the same. */
const LINGER_MS = 10_000;

export interface Lingering {
  entries(): readonly Entry[];
  add(entry: Entry, seq: number): void;
  drop(clientId: string): void;
  /** Drops what was committed in the room up to `seq`. */
  reached(room: string, seq: number): void;
  clear(): void;
}

export function createLingering(clock: SdkClock, onChange: () => void): Lingering {
  const kept = new Map<string, { readonly entry: Entry; readonly seq: number; readonly cancel: () => void }>();
  const drop = (clientId: string) => {
    kept.get(clientId)?.cancel();
    if (kept.delete(clientId)) onChange();
  };
  return {
    entries: () => [...kept.values()].map((one) => one.entry),
    add(entry, seq) {
      const cancel = clock.after(LINGER_MS, () => drop(entry.clientId));
      kept.set(entry.clientId, { entry, seq, cancel });
    },
    drop,
    reached(room, seq) {
      for (const [clientId, one] of [...kept]) if (one.entry.command.room === room && one.seq <= seq) drop(clientId);
    },
    clear() {
      for (const one of kept.values()) one.cancel();
      kept.clear();
    },
  };
}
