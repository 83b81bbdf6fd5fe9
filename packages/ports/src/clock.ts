// Time and randomness come from here, so that a whole system can be run again from a seed. Only adapters read the real ones.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, ms since 1970. For people and expiry, never for order. */
  now(): number;
  /** Monotonic, ms, fractions allowed. For durations. */
  monotonic(): number;
  /** Calls back once after `ms`; the timer alone does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
  every(ms: number, callback: () => void): Timer;
  sleep(ms: number): Promise<void>;
}

export interface Rng {
  /** [0, 1). */
  random(): number;
  /** UUIDv7. */
  id(): string;
  /** Unguessable, base64url. */
  secret(bytes: number): string;
}
