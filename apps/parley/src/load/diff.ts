// Two results beside each other: each figure's change, and whether it is more than noise. Pure. Never compares what was not the same work, unless told.
import { ParleyError } from '@parley/protocol';
import { type Figure, figuresOfBench, figuresOfScenario } from './figures.ts';
import type { ResultFile } from './result-file.ts';

/** changed: more than noise, but neither way is better. broken: it must be 0 and is not, in B. mended: it was so in A only. */
export type Change = 'better' | 'worse' | 'noise' | 'changed' | 'same' | 'broken' | 'mended';

export interface ComparedFigure {
  readonly name: string;
  readonly unit: string;
  readonly a: number;
  readonly b: number;
  /** Of A; null when A is 0. */
  readonly changePercent: number | null;
  readonly change: Change;
}

export interface Diff {
  readonly what: string;
  /** What to know before believing it: other machines, other settings, runs without a verdict, figures that only one has. */
  readonly notes: readonly string[];
  readonly figures: readonly ComparedFigure[];
}

/** Smaller changes are what one machine shows from one minute to the next. */
const NOISE_PERCENT = 20;

/** Throws ParleyError `invalid` when they are not of the same work; `anyway` compares other scenarios and settings too, and notes it. */
export function diffOf(a: ResultFile, b: ResultFile, anyway: boolean): Diff {
  const differences = [...otherWork(a, b)];
  if (differences.length > 0 && !anyway)
    throw new ParleyError('invalid', `These are not of the same work: ${differences.join('; ')}. --anyway compares them all the same.`);
  const parts = a.kind === 'bench' && b.kind === 'bench' ? Object.keys(a.results).filter((part) => part in b.results) : [];
  const [left, right] = [figuresOf(a, parts), figuresOf(b, parts)];
  const both = left.flatMap((figure) => right.filter(({ name, unit }) => name === figure.name && unit === figure.unit).map((other) => compare(figure, other)));
  const alone = [
    ...onlyIn('A', left, right),
    ...onlyIn('B', right, left),
    ...(a.kind === 'bench' && b.kind === 'bench' ? [...partsOnlyIn('A', a.results, b.results), ...partsOnlyIn('B', b.results, a.results)] : []),
  ];
  return { what: whatOf(a, b, parts), notes: [...differences.map((text) => `NOT the same work: ${text}.`), ...warnings(a, b, parts), ...alone], figures: both };
}

const figuresOf = (file: ResultFile, parts: readonly string[]): readonly Figure[] =>
  file.kind === 'scenario' ? figuresOfScenario(file.report) : figuresOfBench(file.results, parts);

/** Why they should not be compared. Throws at once where there is nothing to compare. */
function* otherWork(a: ResultFile, b: ResultFile): Iterable<string> {
  if (a.kind === 'scenario' && b.kind === 'scenario') {
    if (a.report.scenario !== b.report.scenario) yield `A is ${a.report.scenario}, B is ${b.report.scenario}`;
    const names = new Set([...Object.keys(a.report.settings), ...Object.keys(b.report.settings)]);
    for (const name of [...names].toSorted()) {
      const [left, right] = [a.report.settings[name], b.report.settings[name]];
      if (left !== right) yield `${name} is ${left ?? 'not set'} in A and ${right ?? 'not set'} in B`;
    }
  } else if (a.kind === 'bench' && b.kind === 'bench') {
    if (!Object.keys(a.results).some((part) => part in b.results)) throw new ParleyError('invalid', 'These have no part of the bench in common.');
  } else throw new ParleyError('invalid', 'One is a load run and the other a bench: they have nothing in common.');
}

function whatOf(a: ResultFile, b: ResultFile, parts: readonly string[]): string {
  if (a.kind === 'bench' || b.kind === 'bench') return parts.join(', ');
  return a.report.scenario === b.report.scenario ? a.report.scenario : `${a.report.scenario} and ${b.report.scenario}`;
}

function warnings(a: ResultFile, b: ResultFile, parts: readonly string[]): readonly string[] {
  const machines = ({ kind, ...file }: ResultFile): readonly string[] =>
    'report' in file ? [file.report.machine ?? 'one that nobody named'] : [...new Set(parts.map((part) => file.results[part]?.machine ?? ''))];
  const [left, right] = [machines(a), machines(b)];
  const unnamed = [a, b].some((file) => file.kind === 'scenario' && file.report.machine === null);
  const judged = ([name, file]: readonly [string, ResultFile]): readonly string[] =>
    file.kind === 'scenario' && file.report.verdict !== 'passed' ? [`${name}: ${file.report.verdict}. ${file.report.why.join(' ')}`.trim()] : [];
  return [
    ...(left.join() === right.join() && !unnamed
      ? []
      : [`The machines ${unnamed ? 'may ' : ''}differ: A on ${left.join(' and ')}; B on ${right.join(' and ')}.`]),
    ...(
      [
        ['A', a],
        ['B', b],
      ] as const
    ).flatMap(judged),
  ];
}

const onlyIn = (name: string, own: readonly Figure[], other: readonly Figure[]): readonly string[] => {
  const alone = own.filter((figure) => !other.some((one) => one.name === figure.name && one.unit === figure.unit));
  // A promise that is broken in the one is no smaller for being unknown in the other.
  const broken = alone.filter(({ mustBeZero, median }) => mustBeZero && median !== 0);
  return [
    ...broken.map((figure) => `BROKEN, only in ${name}: ${figure.name} ${figure.median}.`),
    ...(alone.length === 0 ? [] : [`Only in ${name}: ${alone.map((figure) => figure.name).join('; ')}.`]),
  ];
};

const partsOnlyIn = (name: string, own: object, other: object): readonly string[] => {
  const alone = Object.keys(own).filter((part) => !(part in other));
  return alone.length === 0 ? [] : [`Parts only in ${name}: ${alone.join(', ')}.`];
};

/** Noise is what is under 20 %, within what the clock shows, or within what the repeats of both shared. */
export function compare(a: Figure, b: Figure): ComparedFigure {
  // The worst of the repeats counts for what must never happen.
  const worst = (figure: Figure): number => (figure.mustBeZero ? (figure.spread?.[1] ?? figure.median) : figure.median);
  const [from, to] = [worst(a), worst(b)];
  const changePercent = from === 0 ? (to === 0 ? 0 : null) : ((to - from) / Math.abs(from)) * 100;
  return { name: a.name, unit: a.unit, a: from, b: to, changePercent, change: changeOf(a, b, from, to, changePercent) };
}

function changeOf(a: Figure, b: Figure, from: number, to: number, percent: number | null): Change {
  if (a.mustBeZero || b.mustBeZero) return to !== 0 ? 'broken' : from !== 0 ? 'mended' : 'same';
  if (from === to) return 'same';
  const overlaps = a.spread !== null && b.spread !== null && a.spread[0] <= b.spread[1] && b.spread[0] <= a.spread[1];
  if ((percent !== null && Math.abs(percent) < NOISE_PERCENT) || overlaps || Math.abs(to - from) <= a.grain) return 'noise';
  if (a.better === 'neither') return 'changed';
  return (a.better === 'less') === to < from ? 'better' : 'worse';
}
