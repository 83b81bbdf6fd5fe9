// The marks of a plot's lines: a shape each, so that lines can be told apart without their colours.

const px = (value: number): string => String(Number(value.toFixed(1)));

const SHAPES: readonly ((x: number, y: number) => string)[] = [
  (x, y) => `<circle class="mark" cx="${px(x)}" cy="${px(y)}" r="4.5"/>`,
  (x, y) => `<rect class="mark" x="${px(x - 4)}" y="${px(y - 4)}" width="8" height="8"/>`,
  (x, y) => `<path class="mark" d="M${px(x)} ${px(y - 5.2)}l5 8.6h-10z"/>`,
  (x, y) => `<path class="mark" d="M${px(x)} ${px(y - 5.6)}l5.6 5.6l-5.6 5.6l-5.6 -5.6z"/>`,
  (x, y) => `<path class="mark" d="M${px(x)} ${px(y + 5.2)}l5 -8.6h-10z"/>`,
  (x, y) => `<path class="mark" d="M${px(x - 2)} ${px(y - 5)}h4v3h3v4h-3v3h-4v-3h-3v-4h3z"/>`,
];

/** The mark of line `nr` with its middle here. */
export const shape = (nr: number, x: number, y: number): string => (SHAPES[nr % SHAPES.length] as (typeof SHAPES)[number])(x, y);

/** The first line is ours. */
export const lineClass = (nr: number, fitted: boolean): string => (fitted ? 'line fitted' : nr === 0 ? 'line ours' : 'line');

/** A piece of line `nr` for the legend, from x on. */
export const swatch = (nr: number, fitted: boolean, x: number, y: number): string =>
  `<path class="${lineClass(nr, fitted)}" d="M${px(x)} ${px(y)}h22"/>${fitted ? '' : shape(nr, x + 11, y)}`;
