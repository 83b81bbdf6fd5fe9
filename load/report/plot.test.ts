// Plots: the same series make the same bytes, and whatever the series, nothing leaves the frame and nothing is no number.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fc, it as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Point, Series } from '../bench/results.ts';
import { axisOf, shortNumber } from './axis.ts';
import { frameOf, HEIGHT, plotSvg, WIDTH } from './plot.ts';

const point = (x: number, median: number, spread = 0.1): Point => ({ x, min: median * (1 - spread), median, max: median * (1 + spread) });
const series: Series = {
  id: 'golden',
  title: 'CPU of a delivery <as the rate rises>',
  x: { label: 'deliveries a second', log: true },
  y: { label: 'us', log: true },
  lines: [
    { name: 'Parley', points: [point(1_000, 8), point(100_000, 1), point(2_300_000, 0.17)] },
    { name: 'socket.io & co', points: [point(1_000, 9.8), point(135_000, 6.6, 0.2)] },
    { name: 'fitted line', points: [point(1_000, 9, 0), point(2_300_000, 0.2, 0)] },
    { name: 'not run', points: [] },
  ],
  goal: 0.5,
};

const attributes = (svg: string, name: string): number[] => [...svg.matchAll(new RegExp(`\\s${name}="(-?[\\d.]+)"`, 'g'))].map((match) => Number(match[1]));
/** Every absolute place of lines and bands. */
const placesOf = (svg: string): [number, number][] =>
  [...svg.matchAll(/<path class="(?:line|line ours|line fitted|band c\d|bar c\d)" d="([^"]+)"/g)]
    // Pieces of the legend are drawn with a relative `h`.
    .filter((match) => !match[1]?.includes('h'))
    .flatMap((match) => [...(match[1] ?? '').matchAll(/[ML]([^ MLVZ]+) ([^ MLVZ]+)/g)].map((pair): [number, number] => [Number(pair[1]), Number(pair[2])]));

describe('a plot', () => {
  it('is the committed one for the same series', () => {
    expect(plotSvg(series)).toBe(readFileSync(fileURLToPath(new URL('./golden/plot.svg', import.meta.url)), 'utf8'));
  });

  it('escapes what people named, tells its figures to who cannot see it, and leaves out a line without points', () => {
    const svg = plotSvg(series);
    expect(svg).toContain('CPU of a delivery &lt;as the rate rises&gt;');
    expect(svg).toContain('socket.io &amp; co: 9.8 at 1k, 6.6 at 135k');
    expect(svg).not.toContain('not run');
  });

  it('puts the goal where a point of that value would be', () => {
    const svg = plotSvg({ ...series, lines: [{ name: 'at the goal', points: [point(1, 0.5, 0), point(2, 0.5, 0)] }] });
    const goal = /<path class="goal" d="M[\d.]+ ([\d.]+)H/.exec(svg)?.[1];
    expect(placesOf(svg).map(([, y]) => y)).toEqual([Number(goal), Number(goal)]);
  });

  it('gives a fitted line the colour of its own, without a place in the legend', () => {
    const points = [point(1, 2, 0), point(2, 2, 0)];
    const svg = plotSvg({
      ...series,
      lines: [
        { name: 'rooms', points },
        { name: 'members', points },
        { name: 'members, fitted', points },
      ],
    });
    expect([...svg.matchAll(/<text class="legend"[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['rooms', 'members']);
    expect(svg).toContain('<g class="c1"><path class="line fitted"');
  });

  it('marks points only while marks do not hide their line', () => {
    const marksOf = (count: number) =>
      plotSvg({ ...series, lines: [{ name: 'one', points: Array.from({ length: count }, (_, nr) => point(nr + 1, 2)) }] }).match(/class="mark"/g)?.length;
    // One is that of the legend.
    expect([marksOf(24), marksOf(25)]).toEqual([25, 1]);
  });

  it('draws what is more higher, and what is later further right', () => {
    const svg = plotSvg({ ...series, lines: [{ name: 'falling', points: [point(10, 4, 0), point(1_000, 1, 0), point(100, 2, 0)] }] });
    const places = placesOf(svg);
    expect(places.map(([x]) => x)).toEqual(places.map(([x]) => x).toSorted((a, b) => a - b));
    expect(places.map(([, y]) => y)).toEqual(places.map(([, y]) => y).toSorted((a, b) => a - b));
  });

  const value = fc.oneof(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), fc.constantFrom(0, 1, Number.NaN));
  const anyLine = fc.record({
    name: fc.string({ maxLength: 40 }),
    points: fc.array(
      fc.record({ x: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e7, noNaN: true })), a: value, b: value, c: value }).map(({ x, a, b, c }): Point => {
        const [min = 0, median = 0, max = 0] = [a, b, c].toSorted((one, other) => one - other);
        return { x, min, median, max };
      }),
      { maxLength: 8 },
    ),
  });
  property.prop([fc.array(anyLine, { maxLength: 9 }), fc.boolean(), fc.boolean(), fc.option(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { nil: null })])(
    'stays inside its frame and its legend inside the picture',
    (lines, logX, logY, goal) => {
      const wished: Series = { ...series, x: { label: 'x', log: logX }, y: { label: 'y', log: logY }, lines };
      const { goal: _, ...without } = wished;
      const svg = plotSvg(goal === null ? without : { ...without, goal });
      const frame = frameOf(wished);
      for (const [x, y] of placesOf(svg)) {
        expect(x).toBeGreaterThanOrEqual(frame.left - 0.1);
        expect(x).toBeLessThanOrEqual(frame.right + 0.1);
        expect(y).toBeGreaterThanOrEqual(frame.top - 0.1);
        expect(y).toBeLessThanOrEqual(frame.bottom + 0.1);
      }
      expect(svg.replace(/<(text|desc|title)[^>]*>[^<]*/g, '')).not.toMatch(/NaN|Infinity|undefined/);
      for (const [name, most] of [
        ['x', WIDTH],
        ['y', HEIGHT],
      ] as const)
        for (const at of attributes(svg, name)) expect(at >= 0 && at <= most).toBe(true);
    },
  );
});

describe('an axis', () => {
  it('ends at round numbers and begins at nothing, or ends where its values do', () => {
    expect(axisOf([3, 11.2], { log: false, tight: false, most: 6 })).toMatchObject({ from: 0, to: 12, ticks: [0, 2, 4, 6, 8, 10, 12] });
    expect(axisOf([3, 11.2], { log: false, tight: true, most: 6 })).toMatchObject({ from: 3, to: 11.2, ticks: [4, 6, 8, 10] });
    expect(axisOf([0.03, 7], { log: true, tight: false, most: 6 })).toMatchObject({ from: 0.02, to: 10, ticks: [0.1, 1, 10] });
    expect(axisOf([4], { log: true, tight: true, most: 6 })).toMatchObject({ from: 2, to: 8 });
  });

  it('writes few letters', () => {
    expect([0.05, 20, 1_500, 2_300_000, 1e9].map(shortNumber)).toEqual(['0.05', '20', '1.5k', '2.3M', '1G']);
  });
});
