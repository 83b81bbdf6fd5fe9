// Reads the tokens as they are shipped and computes WCAG contrast for the pairs that the pages put together.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const OKLCH = String.raw`oklch\(([\d.]+) ([\d.]+) ?([\d.]+)?\)`;

type Theme = 'light' | 'dark';

/** OKLCH to linear sRGB to relative luminance (CSS Color 4 and WCAG 2). */
function luminance(l: number, c: number, h: number): number {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (x: number) => Math.min(1, Math.max(0, x));
  const red = clamp(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short);
  const green = clamp(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short);
  const blue = clamp(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function colour(name: string, theme: Theme): number {
  const found = new RegExp(String.raw`--${name}: light-dark\(${OKLCH}, ${OKLCH}\);`).exec(css);
  if (found === null) throw new Error(`--${name} is not a light-dark pair of oklch colours`);
  const [l, c, h] = (theme === 'light' ? found.slice(1, 4) : found.slice(4, 7)).map((part) => Number(part ?? 0));
  return luminance(l ?? 0, c ?? 0, h ?? 0);
}

function contrast(front: string, back: string, theme: Theme): number {
  const [a, b] = [colour(front, theme), colour(back, theme)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const SURFACES = ['pane', 'ground', 'raised', 'sunken', 'hover', 'pane-hover'];
const WORDS: [string, string][] = [
  ...['text', 'text-soft', 'text-muted'].flatMap((front) => SURFACES.map((back): [string, string] => [front, back])),
  ...['text', 'text-soft', 'text-muted', 'accent-text'].map((front): [string, string] => [front, 'accent-soft']),
  ...['pane', 'ground', 'raised', 'hover'].flatMap((back): [string, string][] => [
    ['accent-text', back],
    ['danger', back],
    ['success', back],
  ]),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['warning', 'warning-soft'],
  ['text', 'warning-soft'],
  ['text', 'danger-soft'],
  ['text', 'flash'],
];
const SHAPES: [string, string][] = ['pane', 'ground', 'raised'].flatMap((back): [string, string][] => [
  ['line-strong', back],
  ['accent', back],
  ['success', back],
]);

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  it.each(WORDS)('the words in --%s can be read on --%s', (front, back) => {
    expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SHAPES)('the shapes in --%s can be seen on --%s', (front, back) => {
    expect(contrast(front, back, theme)).toBeGreaterThanOrEqual(3);
  });
});
