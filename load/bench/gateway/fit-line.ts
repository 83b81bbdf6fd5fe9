// A straight line through points by least squares.

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Which part of the points' spread the line explains: 1 is all of it. NaN where they have none. */
  readonly r2: number;
}

export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const midX = mean(points.map(([x]) => x));
  const midY = mean(points.map(([, y]) => y));
  const sum = (of: (x: number, y: number) => number): number => points.reduce((total, [x, y]) => total + of(x - midX, y - midY), 0);
  const slope = sum((x, y) => x * y) / sum((x) => x * x);
  const intercept = midY - slope * midX;
  const missed = points.reduce((total, [x, y]) => total + (y - intercept - slope * x) ** 2, 0);
  return { slope, intercept, r2: 1 - missed / sum((_, y) => y * y) };
}
