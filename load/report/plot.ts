// A plot of a benchmark as one SVG file: lines with their spread as a band, a goal, a legend; readable in light and dark. The same series make the
// same bytes, always. No dependency, no script, no font of its own.
import type { Point, Series } from '../bench/results.ts';
import { type Axis, axisOf, shortNumber } from './axis.ts';
import { lineClass, shape, swatch } from './marks.ts';

export const WIDTH = 760;
export const HEIGHT = 420;
const LEFT = 66;
const RIGHT = 28;
const BOTTOM = 58;
const TITLE_Y = 34;
const LEGEND_Y = 62;
const LEGEND_ROW = 20;
/** Room for the label of the vertical axis, above the frame. */
const LABEL_ROOM = 36;
/** About what a letter takes in the system's fonts at 13 px. */
const LETTER = 6.7;
const SWATCH = 34;
const COLOURS = 6;
/** A line with more points has no marks: they would hide it. */
const MARKED = 24;

/** Where the lines are drawn, in the plot's units. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Line {
  readonly name: string;
  readonly nr: number;
  readonly points: readonly Point[];
  /** Computed, not measured: dotted, without marks. */
  readonly fitted: boolean;
  /** Fitted to another line here, whose colour it has; it needs no place in the legend. */
  readonly ofAnother: boolean;
}

const px = (value: number): string => String(Number(value.toFixed(1)));
const esc = (text: string): string => text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ?? char);

/** The frame of this series: a longer legend makes it smaller. */
export function frameOf(series: Series): Frame {
  const rows = legendOf(series).at(-1)?.row ?? 0;
  return { left: LEFT, top: LEGEND_Y + rows * LEGEND_ROW + LABEL_ROOM + 12, right: WIDTH - RIGHT, bottom: HEIGHT - BOTTOM };
}

/** The plot. Points that are no numbers (or not above 0 on a logarithmic axis) are left out. */
export function plotSvg(series: Series): string {
  const lines = linesOf(series);
  const frame = frameOf(series);
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const ys = lines.flatMap(({ points }) => points.flatMap(({ min, max, median }) => [min, max, median]));
  const x = axisOf(xs, { log: series.x.log === true, tight: true, most: 8 });
  const y = axisOf([...ys, ...(series.goal === undefined ? [] : [series.goal])], { log: series.y.log === true, tight: false, most: 7 });
  const toX = (value: number): number => frame.left + x.at(value) * (frame.right - frame.left);
  const toY = (value: number): number => frame.bottom - y.at(value) * (frame.bottom - frame.top);
  const place: Place = { frame, toX, toY };
  const parts = [
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10"/>`,
    `<text class="title" x="24" y="${TITLE_Y}">${esc(series.title)}</text>`,
    ...legendOf(series).map(({ name, nr, fitted, x: at, row }) => {
      const middle = LEGEND_Y + row * LEGEND_ROW;
      return `<g class="c${nr % COLOURS}">${swatch(nr, fitted, at, middle)}<text class="legend" x="${px(at + 28)}" y="${px(middle + 4.5)}">${esc(name)}</text></g>`;
    }),
    ...grid(series, place, ticksOf(x, xs, toX), y),
    ...lines.map((line) => band(line, place)),
    ...(series.goal === undefined ? [] : [`<path class="goal" d="M${px(frame.left)} ${px(toY(series.goal))}H${px(frame.right)}"/>`]),
    // The first line is ours: drawn last, so that nothing hides it.
    ...lines.toReversed().map((line) => drawn(line, place)),
    ...(series.goal === undefined ? [] : [goalLabel(series.goal, place)]),
  ].filter((part) => part !== '');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="t d">`,
    `<title id="t">${esc(series.title)}</title>`,
    `<desc id="d">${esc(described(series, lines))}</desc>`,
    STYLE,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

interface Place {
  readonly frame: Frame;
  toX(value: number): number;
  toY(value: number): number;
}

function linesOf(series: Series): readonly Line[] {
  const usable = (value: number, log: boolean | undefined): boolean => typeof value === 'number' && Number.isFinite(value) && (log !== true || value > 0);
  return series.lines
    .map(({ name, points }, index) => {
      const fitted = /\bfit(ted)?\b/i.test(name);
      const other = fitted ? series.lines.findIndex((line) => line.name === name.replace(/,? *\bfit(ted)?\b.*$/i, '')) : -1;
      return { name, points, fitted, ofAnother: other >= 0, nr: other >= 0 ? other : index };
    })
    .map(({ points, ...line }) => ({
      ...line,
      points: points
        .filter((point) => usable(point.x, series.x.log) && usable(point.median, series.y.log))
        .map(({ x, min, median, max }) => ({ x, min: numberOr(median, min), median, max: numberOr(median, max) }))
        .toSorted((a, b) => a.x - b.x),
    }))
    .filter(({ points }) => points.length > 0);
}

/** JSON has null for what is no number. */
const numberOr = (fallback: number, value: number | null): number => (value !== null && Number.isFinite(value) ? value : fallback);

/** From left to right, in as many rows as it takes. */
function legendOf(series: Series): readonly (Line & { readonly x: number; readonly row: number })[] {
  let [x, row] = [24, 0];
  return linesOf(series)
    .filter(({ ofAnother }) => !ofAnother)
    .map((line) => {
      const width = SWATCH + line.name.length * LETTER + 18;
      if (x > 24 && x + width > WIDTH - 16) [x, row] = [24, row + 1];
      const entry = { ...line, x, row };
      x += width;
      return entry;
    });
}

/** The measured places themselves where there are few of them and they have room, else even steps. */
function ticksOf(x: Axis, xs: readonly number[], toX: (value: number) => number): readonly number[] {
  const roomy = xs.every((value, index) => index === 0 || toX(value) - toX(xs[index - 1] ?? value) >= 42);
  return xs.length <= 10 && roomy ? xs : x.ticks;
}

function grid(series: Series, { frame, toX, toY }: Place, xTicks: readonly number[], y: Axis): readonly string[] {
  const { left, right, top, bottom } = frame;
  return [
    ...y.ticks.map((tick) => `<path class="${tick === y.from ? 'base' : 'grid'}" d="M${px(left)} ${px(toY(tick))}H${px(right)}"/>`),
    ...y.ticks.map((tick) => `<text class="tick" x="${px(left - 10)}" y="${px(toY(tick) + 4)}" text-anchor="end">${shortNumber(tick)}</text>`),
    ...xTicks.map((tick) => `<path class="base" d="M${px(toX(tick))} ${px(bottom)}v5"/>`),
    ...xTicks.map((tick) => `<text class="tick" x="${px(toX(tick))}" y="${px(bottom + 20)}" text-anchor="middle">${shortNumber(tick)}</text>`),
    `<text class="label" x="24" y="${px(top - 16)}">${esc(series.y.label)}</text>`,
    `<text class="label" x="${px(right)}" y="${px(bottom + 44)}" text-anchor="end">${esc(series.x.label)}</text>`,
  ];
}

/** Smallest to largest of the repeats; a lone point has a bar. */
function band({ nr, points }: Line, { toX, toY }: Place): string {
  const spread = points.filter(({ min, max }) => max > min);
  if (spread.length === 0) return '';
  const bars = spread.map(({ x, min, max }) => `M${px(toX(x))} ${px(toY(max))}V${px(toY(min))}`).join('');
  if (points.length === 1) return `<path class="bar c${nr % COLOURS}" d="${bars}"/>`;
  const upper = points.map(({ x, max, median }) => `${px(toX(x))} ${px(toY(Math.max(max, median)))}`);
  const lower = points.map(({ x, min, median }) => `${px(toX(x))} ${px(toY(Math.min(min, median)))}`).toReversed();
  return `<path class="band c${nr % COLOURS}" d="M${upper.join('L')}L${lower.join('L')}Z"/>`;
}

function drawn({ nr, points, fitted }: Line, { toX, toY }: Place): string {
  const at = points.map(({ x, median }) => `${px(toX(x))} ${px(toY(median))}`);
  const line = points.length < 2 ? '' : `<path class="${lineClass(nr, fitted)}" d="M${at.join('L')}"/>`;
  const marks = fitted || points.length > MARKED ? '' : points.map(({ x, median }) => shape(nr, toX(x), toY(median))).join('');
  return `<g class="c${nr % COLOURS}">${line}${marks}</g>`;
}

/** Above its line, unless that is at the very top. */
function goalLabel(goal: number, { frame, toY }: Place): string {
  const y = toY(goal);
  return `<text class="goal" x="${px(frame.right)}" y="${px(y - frame.top < 14 ? y + 16 : y - 7)}" text-anchor="end">goal ${shortNumber(goal)}</text>`;
}

/** For who cannot see it. */
const described = (series: Series, lines: readonly Line[]): string =>
  lines
    .map(({ name, points }) => `${name}: ${points.map(({ x, median }) => `${shortNumber(median)} at ${shortNumber(x)}`).join(', ')}`)
    .concat(series.goal === undefined ? [] : [`goal ${shortNumber(series.goal)}`])
    .join('; ');

const STYLE = `<style>
:root{--card:#fff;--edge:#e4e3e0;--ink:#25242b;--soft:#6c6a73;--grid:#eceae6;--base:#b9b7b2;--goal:#7d6a14;--c0:#5446d8;--c1:#c2570c;--c2:#0d7f74;--c3:#b2277b;--c4:#2f76c4;--c5:#6b6b73}
@media(prefers-color-scheme:dark){:root{--card:#1b1a20;--edge:#34323b;--ink:#eceaf1;--soft:#a5a2ae;--grid:#2c2a33;--base:#5d5a67;--goal:#d9bf5a;--c0:#9d93ff;--c1:#f39a5b;--c2:#4fc9b9;--c3:#f07fc0;--c4:#76b4f2;--c5:#b3b2bb}}
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:var(--ink)}
.card{fill:var(--card);stroke:var(--edge)}.title{font-size:17px;font-weight:600}.legend{font-size:13px}.label,.tick{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--grid)}.base{stroke:var(--base)}path.goal{stroke:var(--goal);stroke-width:1.5;stroke-dasharray:6 4}text.goal{font-size:12px;font-weight:600;fill:var(--goal);stroke:var(--card);stroke-width:4;paint-order:stroke}
.c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}
.line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.ours{stroke-width:3}.fitted{stroke-width:1.5;stroke-dasharray:2 5}.band{fill:currentColor;opacity:.16}.bar{stroke:currentColor;stroke-width:5;opacity:.3;stroke-linecap:round}
.mark{fill:currentColor;stroke:var(--card);stroke-width:1.5}
</style>`;
