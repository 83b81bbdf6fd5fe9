// What became of tests, in a shape that crosses from vitest's process to ours.

export interface TestNamed {
  readonly file: string;
  readonly name: string;
  /** Why it failed or was skipped. */
  readonly why: string;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: readonly TestNamed[];
  readonly skipped: readonly TestNamed[];
}

export const NOTHING: Outcome = { passed: 0, failed: [], skipped: [] };

export const add = (one: Outcome, other: Outcome): Outcome => ({
  passed: one.passed + other.passed,
  failed: [...one.failed, ...other.failed],
  skipped: [...one.skipped, ...other.skipped],
});

/** A run in CI proves everything or fails: there a skip is a failure too. */
export const isGood = (outcome: Outcome, ci: boolean): boolean => outcome.failed.length === 0 && (!ci || outcome.skipped.length === 0);

/** The last line of `npm test`; others read it. */
export const lastLine = ({ passed, failed, skipped }: Outcome): string => `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
