// What a benchmark answers, and the file that keeps it: each part (`--only NAME`) replaces its own entry, so that parts can be measured one by one
// and the page still says when, by which command and on which commit each figure was made.
import { readFile, writeFile } from 'node:fs/promises';
import { median, type Row } from './row.ts';

export interface Point {
  readonly x: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** All values at one x. */
export const pointOf = (x: number, values: readonly number[]): Point => ({ x, min: Math.min(...values), median: median(values), max: Math.max(...values) });

/** A plot: lines over a common x. */
export interface Series {
  /** Name of the plot's file, kebab-case. */
  readonly id: string;
  readonly title: string;
  readonly x: { readonly label: string; readonly log?: boolean };
  readonly y: { readonly label: string; readonly log?: boolean };
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[] }[];
  /** A horizontal line of a goal. */
  readonly goal?: number;
}

export interface Part {
  readonly rows: readonly Row[];
  readonly series?: readonly Series[];
}

/** A part as it is kept. */
export interface KeptPart extends Part {
  /** ISO date and time of the end of the run. */
  readonly at: string;
  /** What made it, as typed. */
  readonly command: string;
  /** Short commit id, with `+` when the tree was not clean. */
  readonly commit: string;
  /** CPU, cores, memory, kernel and Node, one line. */
  readonly machine: string;
}

export type Results = Readonly<Record<string, KeptPart>>;

export async function readResults(path: string): Promise<Results> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Replaces this part in the file. */
export async function keepPart(path: string, name: string, part: KeptPart): Promise<void> {
  const results = { ...(await readResults(path)), [name]: part };
  // A row's values stand on one line: a changed figure is then one changed line.
  const text = JSON.stringify(results, null, 1).replace(
    /\[\s+((?:null|-?[\d.][\d.e+-]*)(?:,\s+(?:null|-?[\d.][\d.e+-]*))*)\s+\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, ' ')}]`,
  );
  await writeFile(path, `${text}\n`);
}
