// One circuit breaker per target: fails fast while a target is away and looks by itself whether it is back.
// Only being away counts: a refusal (4xx, a typed error) is an answer. It never repeats anything and never says that something failed.
import CircuitBreaker from 'opossum';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface Breaker {
  readonly state: () => BreakerState;
  /** Throws what `work` throws, or BreakerOpen without having called it. */
  run<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

/** Not asked: the target is known to be away. */
export class BreakerOpen extends Error {
  override readonly name = 'BreakerOpen';
}

export interface BreakerOptions {
  readonly name: string;
  /** Is this error a sign that the target is away? */
  readonly isAway: (error: unknown) => boolean;
  /** Has nobody waited for the end? Then it says nothing of the target. */
  readonly isAbandoned: (error: unknown) => boolean;
  /** Asks whether the target is back; throws when it is not. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: (state: BreakerState) => void;
}

/** Who fails so often without a good answer in between is away, however good it was a moment ago. */
const IN_A_ROW = 4;
/** Or half of the calls of 2 s, at least 4. */
const WINDOW_MS = 2_000;
const LEAST_CALLS = 4;
const FAILED_PERCENT = 50;
const PROBE_AFTER_MS = 4_000;

export function createBreaker({ name, isAway, isAbandoned, probe, onChange }: BreakerOptions): Breaker {
  // No timeout and no abort controller of opossum's: each call brings its own signal (one timeout would end every call).
  const circuit: CircuitBreaker<[() => Promise<unknown>]> = new CircuitBreaker((work: () => Promise<unknown>) => work(), {
    name,
    timeout: false,
    rollingCountTimeout: WINDOW_MS,
    rollingCountBuckets: 4,
    volumeThreshold: LEAST_CALLS,
    errorThresholdPercentage: FAILED_PERCENT,
    resetTimeout: PROBE_AFTER_MS,
    // True: does not count. An abandoned probe must not close the circuit.
    errorFilter: (error: unknown) => !isAway(error) && !(isAbandoned(error) && !circuit.closed),
  });
  const state = (): BreakerState => (circuit.closed ? 'closed' : circuit.halfOpen ? 'half-open' : 'open');
  let inARow = 0;
  circuit.on('success', () => {
    inARow = 0;
  });
  circuit.on('failure', () => {
    inARow += 1;
    if (inARow >= IN_A_ROW && circuit.closed) circuit.open();
  });
  circuit.on('open', () => onChange('open'));
  circuit.on('close', () => onChange('closed'));
  circuit.on('halfOpen', () => {
    onChange('half-open');
    // Our own question goes first, so that nobody's request is the one that tries.
    circuit.fire(probe).catch(() => {});
  });
  return {
    state,
    async run<T>(work: () => Promise<T>): Promise<T> {
      // Asked before firing: a call that comes in half-open must not take the place of the probe.
      if (!circuit.closed) throw new BreakerOpen(`${name} is away.`);
      return (await circuit.fire(work)) as T;
    },
    stop: () => circuit.shutdown(),
  };
}
