// The decision of the shedding ladder: from how loaded a worker is to how much it leaves out. Pure: it knows no clock, no socket and no room.
// It must never skip a step, nor go to and fro between two.

/** What each step leaves out beside what the steps below it do. */
export const STEPS = ['calm', 'typing', 'presence', 'window', 'behind', 'full'] as const;
export type StepName = (typeof STEPS)[number];

/** What a worker carries, told once a second. */
export interface LoadSample {
  /** How late its event loop is, ms: one turn in twenty was later. */
  readonly lateMs: number;
  /** Bytes that its sockets were sent and have not taken. */
  readonly queueBytes: number;
}

export interface SheddingLimits {
  /** From step n to n + 1 when the event loop is this late, ms. One for each step; each step costs people more, so it needs worse. */
  readonly lateMs: readonly number[];
  /** Or when so many bytes wait in the queues of all sockets. */
  readonly queueBytes: readonly number[];
  /** Samples in a row under half of what led to a step before it is left. */
  readonly calmSamples: number;
  /** How long changes of presence are collected: on step 2, and from step 3 on, ms. */
  readonly presenceMs: readonly [number, number];
  /** From step 3 on events wait for company at least this long, ms. */
  readonly windowMs: number;
}

export interface LadderState {
  readonly step: number;
  /** Calm samples in a row. */
  readonly calm: number;
  /** Calm samples that the next step down needs now: grows with each relapse. */
  readonly patience: number;
  /** Samples since the last step down. */
  readonly since: number;
}

/** Who climbs again this soon after a step down (in samples) was sent down too early: it waits twice as long the next time. */
const RELAPSE_SAMPLES = 15;
const PATIENCE_MAX = 60;

export const calmState = (limits: SheddingLimits): LadderState => ({ step: 0, calm: 0, patience: limits.calmSamples, since: Number.MAX_SAFE_INTEGER });

/** The state after one sample: at most one step from the state before it. */
export function nextStep(state: LadderState, { lateMs, queueBytes }: LoadSample, limits: SheddingLimits): LadderState {
  const { step, calm, patience, since } = state;
  const later = Math.min(since + 1, Number.MAX_SAFE_INTEGER);
  if (step < STEPS.length - 1 && (lateMs >= bound(limits.lateMs, step) || queueBytes >= bound(limits.queueBytes, step))) {
    const relapsed = later <= RELAPSE_SAMPLES;
    return { step: step + 1, calm: 0, patience: relapsed ? Math.min(PATIENCE_MAX, patience * 2) : patience, since: later };
  }
  if (step === 0) return { step, calm: 0, patience: later > PATIENCE_MAX ? limits.calmSamples : patience, since: later };
  if (lateMs * 2 >= bound(limits.lateMs, step - 1) || queueBytes * 2 >= bound(limits.queueBytes, step - 1)) return { step, calm: 0, patience, since: later };
  if (calm + 1 < patience) return { step, calm: calm + 1, patience, since: later };
  return { step: step - 1, calm: 0, patience, since: 0 };
}

const bound = (bounds: readonly number[], step: number): number => bounds[step] ?? Number.POSITIVE_INFINITY;
