// The rows of the bench as lines of a terminal's table.
import { type Figure, type Row, toFigure } from '../row.ts';

export const show = (value: number | null): string => {
  if (value === null || !Number.isFinite(value)) return '';
  const size = Math.abs(value);
  return size >= 1_000 ? Math.round(value).toLocaleString('en-US') : size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
};

export const HEAD = [
  'figure'.padEnd(92),
  'unit'.padEnd(12),
  'min / median / max'.padEnd(32),
  'baseline'.padStart(10),
  'ratio'.padStart(8),
  'goal'.padStart(13),
].join(' ');

/** One row; a row that was not run says why instead of figures. */
export function lineOf(row: Row): string {
  const figure = toFigure(row);
  if (figure.notRun !== null) return `${figure.name.padEnd(92)} not run: ${figure.notRun}`;
  return [
    figure.name.padEnd(92),
    figure.unit.padEnd(12),
    `${show(figure.min)} / ${show(figure.median)} / ${show(figure.max)}`.padEnd(32),
    show(figure.baseline).padStart(10),
    (figure.ratio === null ? '' : `${show(figure.ratio)}x`).padStart(8),
    (figure.goal ?? '').padStart(13),
    verdict(figure).padEnd(7),
    figure.baselineName === null ? '' : `(baseline: ${figure.baselineName})`,
  ]
    .join(' ')
    .trimEnd();
}

const verdict = ({ met }: Figure): string => (met === null ? '' : met ? 'met' : 'NOT MET');
