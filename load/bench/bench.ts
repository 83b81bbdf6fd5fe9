// `npm run bench [-- --json FILE] [--only NAME] [--repeats N]`: the figures that this project promises, each with its spread, and with a baseline from
// the same run where there is one. Not a test: it fails only when it cannot measure.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Part } from './results.ts';
import { type Figure, type Row, toFigure } from './row.ts';

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' }, repeats: { type: 'string', default: '3' } } });
const repeats = Math.max(1, Math.min(20, Number(values.repeats)));

/** Name -> its rows. Loaded only when run, one after the other: two cores are shared. */
const SUITES: Record<string, () => Promise<readonly Row[] | Part>> = {
  start: async () => (await import('./start.ts')).benchStart(repeats),
  path: async () => (await import('./path/path.ts')).benchPath(repeats),
  commit: async () => (await import('./commit.ts')).benchCommit(),
  feed: async () => (await import('./feed/feed.ts')).benchFeed(repeats),
  cluster: async () => (await import('./path/cluster.ts')).benchCluster(repeats),
  log: async () => (await import('./log.ts')).benchLog(repeats),
  fanout: async () => (await import('./fanout.ts')).benchFanout(repeats),
};

const show = (value: number | null): string => (value === null ? '' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

function line(figure: Figure): string {
  const met = figure.met === null ? '' : figure.met ? 'met' : 'NOT MET';
  return [
    figure.name.padEnd(58),
    figure.unit.padEnd(8),
    `${show(figure.min)} / ${show(figure.median)} / ${show(figure.max)}`.padEnd(28),
    show(figure.baseline).padStart(9),
    (figure.ratio === null ? '' : `${show(figure.ratio)}x`).padStart(9),
    (figure.goal ?? '').padStart(10),
    met.padStart(8),
  ].join(' ');
}

const figures: Figure[] = [];
console.log(
  `${'figure'.padEnd(58)} ${'unit'.padEnd(8)} ${'min / median / max'.padEnd(28)} ${'baseline'.padStart(9)} ${'ratio'.padStart(9)} ${'goal'.padStart(10)}`,
);
for (const [name, run] of Object.entries(SUITES)) {
  if (values.only !== undefined && values.only !== name) continue;
  const answer = await run();
  for (const row of 'rows' in answer ? answer.rows : (answer as readonly Row[])) {
    const figure = toFigure(row);
    figures.push(figure);
    console.log(line(figure));
  }
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`written: ${values.json}`);
}
process.exit(0);
