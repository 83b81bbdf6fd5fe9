// Storage in the browser. When IndexedDB cannot be opened (private windows of some browsers) it keeps to memory: a client that
// forgets at the next load is better than none.
import { type IDBPDatabase, openDB } from 'idb';
import type { Storage } from '../api.ts';
import { memoryStorage } from './memory-storage.ts';

const STORE = 'entries';

/** `name`: one database for each installation that the page talks to. */
export function indexedDbStorage(name: string): Storage {
  let opened: Promise<IDBPDatabase | null> | null = null;
  const fallback = memoryStorage();
  const open = (): Promise<IDBPDatabase | null> => {
    // Called within a promise, because a browser may also refuse by throwing at once.
    opened ??= Promise.resolve()
      .then(() =>
        openDB(name, 1, {
          upgrade: (db) => void db.createObjectStore(STORE),
          // The browser closed it (storage cleared, disk trouble): open it again at the next call.
          terminated: () => {
            opened = null;
          },
        }),
      )
      .catch(() => null);
    return opened;
  };
  return {
    async get(key) {
      const db = await open();
      return db === null ? fallback.get(key) : ((await db.get(STORE, key)) as unknown);
    },
    async set(key, value) {
      const db = await open();
      if (db === null) return fallback.set(key, value);
      await db.put(STORE, value, key);
    },
    async delete(key) {
      const db = await open();
      if (db === null) return fallback.delete(key);
      await db.delete(STORE, key);
    },
    async list(prefix) {
      const db = await open();
      if (db === null) return fallback.list(prefix);
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const transaction = db.transaction(STORE);
      const [keys, values] = await Promise.all([transaction.store.getAllKeys(range), transaction.store.getAll(range)]);
      return keys.map((key, index) => [String(key), values[index] as unknown] as const);
    },
  };
}
