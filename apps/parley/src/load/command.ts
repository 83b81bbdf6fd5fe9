// `parley load`: what load runs and benches measured, beside each other. Exits with 1 when something was lost, doubled, reordered or missed in B.
import { type ComparedFigure, type Diff, diffOf } from './diff.ts';
import { readResultFile } from './result-file.ts';
import { loadTable, readReports } from './table.ts';

export async function loadDiff(a: string, b: string, options: { readonly anyway?: boolean; readonly json?: boolean }): Promise<void> {
  const [left, right] = await Promise.all([readResultFile(a), readResultFile(b)]);
  const diff = diffOf(left, right, options.anyway === true);
  if (options.json === true) console.log(JSON.stringify({ a, b, ...diff }));
  else print(a, b, diff);
  if (isBroken(diff)) process.exitCode = 1;
}

const isBroken = ({ figures, notes }: Diff): boolean =>
  figures.some(({ change }) => change === 'broken') || notes.some((note) => note.startsWith('BROKEN, only in B'));

function print(a: string, b: string, { what, notes, figures }: Diff): void {
  console.log(`${what}\n  A ${a}\n  B ${b}\n`);
  for (const note of notes) console.log(`  ! ${printable(note)}`);
  if (notes.length > 0) console.log();
  const width = Math.max(10, ...figures.map(({ name, unit }) => name.length + unit.length + 2));
  for (const figure of figures) console.log(lineOf(figure, width));
  const count = (change: ComparedFigure['change']): number => figures.filter((figure) => figure.change === change).length;
  const broken = figures.filter(({ change }) => change === 'broken');
  console.log(
    `\n${count('better')} better, ${count('worse')} worse, ${count('noise') + count('same')} the same but for noise (under 20 %, or spreads that overlap).`,
  );
  const mended = figures.filter(({ change }) => change === 'mended');
  if (mended.length > 0) console.log(`BROKEN in A: ${mended.map(({ name, a: value }) => `${name} ${value}`).join(', ')}. It is 0 in B, as it must be.`);
  if (broken.length > 0) console.log(`BROKEN in B: ${broken.map(({ name, b: value }) => `${name} ${value}`).join(', ')}. These must be 0.`);
}

function lineOf({ name, unit, a, b, changePercent, change }: ComparedFigure, width: number): string {
  const label = printable(unit === '' ? name : `${name}, ${unit}`);
  const percent = changePercent === null ? '' : `${changePercent > 0 ? '+' : ''}${changePercent.toFixed(0)} %`;
  const word = change === 'broken' ? 'BROKEN' : change === 'same' ? '' : change;
  return `  ${label.padEnd(width)} ${show(a).padStart(12)} ${show(b).padStart(12)} ${percent.padStart(8)}  ${word}`.trimEnd();
}

/** A result may come from anywhere: no control characters to a terminal. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ');

const show = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en-US') : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);

export async function showLoadTable(folder: string): Promise<void> {
  const { reports, leftOut } = await readReports(folder);
  for (const name of leftOut) console.error(`left out: ${name} is no result of a scenario`);
  console.log(reports.length === 0 ? `There is no result of a scenario in ${folder}.` : loadTable(reports));
}
