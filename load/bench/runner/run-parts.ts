// Runs the parts of the bench one after the other: two cores are shared. A part that throws is told and the others go on. Says on stderr how far it is.
import type { Part } from '../results.ts';
import type { Row } from '../row.ts';

/** What a part is told. */
export interface RunOptions {
  readonly repeats: number;
  /** Short runs, for a look: their figures are not to be kept. */
  readonly quick: boolean;
  /** Tells which repeat begins, from 1. */
  repeat(nr: number): void;
}

/** A part of the bench. */
export interface Suite {
  /** What it measures, in a line of `--list`. */
  readonly about: string;
  /** How long it takes with the default number of repeats. */
  readonly minutes: number;
  /** How often when nobody says; 3 when left out. */
  readonly repeats?: number;
  run(options: RunOptions): Promise<readonly Row[] | Part>;
}

export type Suites = Readonly<Record<string, Suite>>;

export interface Asked {
  /** Names of parts; null is all of them. */
  readonly only: readonly string[] | null;
  /** Null takes what each part says. */
  readonly repeats: number | null;
  readonly quick: boolean;
}

export interface Told {
  /** A part is done. */
  part(name: string, part: Part): Promise<void>;
  /** A line for who waits. */
  progress(line: string): void;
  /** ms, monotonic. */
  now(): number;
}

const DEFAULT_REPEATS = 3;
const QUICK_SHARE = 0.3;

/** Names that are not parts. */
export const unknownParts = (suites: Suites, only: readonly string[] | null): readonly string[] => (only ?? []).filter((name) => !(name in suites));

/** Runs what was asked for, in the order of `suites`. Answers the parts that failed, with why. Never throws for a part. */
export async function runParts(suites: Suites, asked: Asked, told: Told): Promise<ReadonlyMap<string, unknown>> {
  const chosen = Object.entries(suites).filter(([name]) => asked.only === null || asked.only.includes(name));
  const failed = new Map<string, unknown>();
  for (const [index, [name, suite]] of chosen.entries()) {
    const began = told.now();
    const rest = chosen.slice(index + 1).reduce((sum, [, later]) => sum + minutesOf(later, asked), 0);
    const repeats = repeatsOf(suite, asked);
    const say = (what: string): void => {
      const left = Math.max(0, minutesOf(suite, asked) - (told.now() - began) / 60_000) + rest;
      told.progress(`[${index + 1}/${chosen.length}] ${name}: ${what}, ${left < 1 ? 'less than a minute' : `about ${Math.round(left)} min`} left`);
    };
    say('begins');
    try {
      const answer = await suite.run({ repeats, quick: asked.quick, repeat: (nr) => say(`repeat ${nr} of ${repeats}`) });
      await told.part(name, 'rows' in answer ? answer : { rows: answer as readonly Row[] });
      told.progress(`[${index + 1}/${chosen.length}] ${name}: done in ${((told.now() - began) / 1_000).toFixed(0)} s`);
    } catch (error) {
      failed.set(name, error);
      told.progress(`[${index + 1}/${chosen.length}] ${name}: FAILED, ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  return failed;
}

const repeatsOf = (suite: Suite, asked: Asked): number => asked.repeats ?? (asked.quick ? 1 : (suite.repeats ?? DEFAULT_REPEATS));

const minutesOf = (suite: Suite, asked: Asked): number =>
  (suite.minutes * repeatsOf(suite, asked) * (asked.quick ? QUICK_SHARE : 1)) / (suite.repeats ?? DEFAULT_REPEATS);
