// My versioned state map: takes changes in version order, sees a gap, and keeps what this client has said itself until the server
// has said it too. Pure data, no I/O: who fetches at a gap is the connection.
import type { MyChanges, StateChange } from '@parley/protocol';

export interface StoredUserState {
  readonly ver: number;
  readonly entries: readonly StateChange[];
}

export interface UserState {
  /** The version up to which everything is known; null before the first answer. */
  ver(): number | null;
  /** The present value; null when there is none. Own unanswered writes come first. */
  get(key: string): unknown;
  /** Keys with this prefix that have a value, prefix cut off. */
  keys(prefix: string): readonly string[];
  /** An answer of resume or of GET /api/me/changes. Answers the keys that changed. */
  merge(changes: MyChanges): ReadonlySet<string>;
  /** Live changes. gap: one is missing, nothing from there on was taken. */
  apply(changes: readonly StateChange[]): { readonly changed: ReadonlySet<string>; readonly gap: boolean };
  /** What this client has just asked for; answers the undo, for when it is refused. */
  expect(key: string, value: unknown): () => void;
  stored(): StoredUserState | null;
  load(stored: StoredUserState): void;
  forget(): void;
}

export function createUserState(): UserState {
  let ver: number | null = null;
  const entries = new Map<string, StateChange>();
  const own = new Map<string, { readonly value: unknown }>();

  const put = (change: StateChange, changed: Set<string>) => {
    const before = entries.get(change.key);
    if (before !== undefined && before.ver >= change.ver) return;
    entries.set(change.key, change);
    own.delete(change.key);
    changed.add(change.key);
  };

  return {
    ver: () => ver,
    get(key) {
      const mine = own.get(key);
      return (mine === undefined ? entries.get(key)?.value : mine.value) ?? null;
    },
    keys(prefix) {
      const found = new Set<string>();
      for (const [key, change] of entries) if (key.startsWith(prefix) && change.value !== null) found.add(key.slice(prefix.length));
      for (const [key, mine] of own) {
        if (!key.startsWith(prefix)) continue;
        if (mine.value === null) found.delete(key.slice(prefix.length));
        else found.add(key.slice(prefix.length));
      }
      return [...found];
    },
    merge(changes) {
      const changed = new Set<string>();
      if (changes.full) {
        // Live changes may have overtaken the answer: what is newer than it stays.
        const named = new Set(changes.changes.map((change) => change.key));
        for (const [key, change] of entries) {
          if (named.has(key) || change.ver > changes.ver) continue;
          entries.delete(key);
          if (change.value !== null) changed.add(key);
        }
        // A restored server may have gone back: its whole state counts as it is.
        if (ver !== null && changes.ver < ver) entries.clear();
      }
      for (const change of changes.changes) put(change, changed);
      ver = changes.full ? changes.ver : Math.max(ver ?? 0, changes.ver);
      return changed;
    },
    apply(changes) {
      const changed = new Set<string>();
      if (ver === null) return { changed, gap: true };
      for (const change of [...changes].sort((a, b) => a.ver - b.ver)) {
        if (change.ver > ver + 1) return { changed, gap: true };
        // One version may carry several keys (a frame is never split within a version).
        if (change.ver >= ver) put(change, changed);
        ver = Math.max(ver, change.ver);
      }
      return { changed, gap: false };
    },
    expect(key, value) {
      const mine = { value };
      own.set(key, mine);
      return () => {
        if (own.get(key) === mine) own.delete(key);
      };
    },
    stored: () => (ver === null ? null : { ver, entries: [...entries.values()] }),
    load(stored) {
      ver = stored.ver;
      for (const change of stored.entries) entries.set(change.key, change);
    },
    forget() {
      ver = null;
      entries.clear();
      own.clear();
    },
  };
}
