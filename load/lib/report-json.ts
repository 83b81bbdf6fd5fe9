// The JSON that a load run leaves in load/results: what `parley load diff` and the table by machine read. Stable: a field may be added, none may
// change its meaning; `schema` counts what breaks that. Types only, so that Node and k6 can both import them.

/** Milliseconds, of all samples of the run. `count` 0: nothing was measured, the others are null. */
export interface TrendReport {
  readonly count: number;
  readonly min: number | null;
  readonly avg: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface ThresholdReport {
  /** Name of a count or, with `_ms` at its end, of a trend; without the `parley_` that k6 shows. */
  readonly metric: string;
  /** As k6 takes it: `count==0`, `p(99)<1000`. */
  readonly rule: string;
  readonly ok: boolean;
}

/** no-verdict: the generator was the bottleneck, so what it measured says nothing of Parley. */
export type Verdict = 'passed' | 'failed' | 'no-verdict';

export interface LoadReport {
  readonly schema: 1;
  readonly scenario: string;
  /** ISO date and time of the end of the run. */
  readonly at: string;
  /** How long the run took, with seeding. */
  readonly seconds: number;
  /** http://host:port */
  readonly target: string;
  /** What PARLEY_MACHINE said; null when nobody did. */
  readonly machine: string | null;
  /** What makes this run again, as typed. */
  readonly command: string;
  /** What PARLEY_K6 said, else `1.x` or `2.x`; null when the run ended before it was known. */
  readonly k6: string | null;
  /** Every setting that the scenario has, with the value it ran with. */
  readonly settings: Readonly<Record<string, number | string>>;
  readonly verdict: Verdict;
  /** Why it did not pass, a sentence each; empty when it passed. */
  readonly why: readonly string[];
  /** `lost`, `doubled`, `reordered`, `gaps`, `unanswered`, `delivered`, `sent`, ... */
  readonly counts: Readonly<Record<string, number>>;
  /** `connect_ms`, `ack_ms`, `deliver_ms`, `resume_ms`, `generator_late_ms`, ... */
  readonly trends: Readonly<Record<string, TrendReport>>;
  readonly thresholds: readonly ThresholdReport[];
}
