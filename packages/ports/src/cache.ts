// Values that may be old, but never older than their bound.
export interface Cache {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttlMs: number): Promise<void>;
  drop(key: string): Promise<void>;
  /** The cached value, or what `load` answers; one `load` per key at a time, and a failed one is not remembered. */
  getOrLoad<T>(key: string, ttlMs: number, load: () => Promise<T>): Promise<T>;
}
