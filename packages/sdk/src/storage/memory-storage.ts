// Storage that lives as long as the process: the default outside browsers, and what tests share between two clients.
// Values are kept as they are given: the SDK never changes a value that it has stored.
import type { Storage } from '../api.ts';

export function memoryStorage(): Storage {
  const entries = new Map<string, unknown>();
  return {
    get: async (key) => entries.get(key),
    set: async (key, value) => void entries.set(key, value),
    delete: async (key) => void entries.delete(key),
    list: async (prefix) => [...entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
