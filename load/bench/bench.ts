// `npm run bench`: the figures that this project promises, each with its spread, and with a baseline from the same run where there is one.
// Not a test: it fails only when a part cannot be measured. `--help` says what may be asked for.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { keepPart } from './results.ts';
import { type Figure, toFigure } from './row.ts';
import { commitOf, machineLine } from './runner/machine.ts';
import { answerParent, inOwnProcess } from './runner/own-process.ts';
import { runParts, type Suites, unknownParts } from './runner/run-parts.ts';
import { HEAD, lineOf } from './runner/show-row.ts';

/** Each is loaded only when it is run. Minutes are for the default number of repeats. */
const SUITES: Suites = {
  start: {
    about: 'first start, start again, idle memory of the one process',
    minutes: 0.5,
    run: async (options) => (await import('./start.ts')).benchStart(options.repeats, options.repeat),
  },
  path: {
    about: 'whole path, embedded: a room of 50 at 200 messages/s, beside socket.io with Redis and an insert',
    minutes: 3,
    run: async ({ repeats }) => (await import('./path/path.ts')).benchPath(repeats),
  },
  hot: {
    about: 'whole path: 5,500 events/s in one room of 200',
    minutes: 1,
    run: async ({ repeats }) => (await import('./path/flood.ts')).benchHot(repeats),
  },
  wide: {
    about: 'whole path: a ramp of deliveries in one room of 1,000',
    minutes: 2,
    repeats: 2,
    run: async ({ repeats }) => (await import('./path/flood.ts')).benchWide(repeats),
  },
  storm: {
    about: '5,000 sockets cut at once: until all have everything, database queries, what others notice',
    minutes: 2,
    run: async ({ repeats }) => (await import('./storm/storm.ts')).benchStorm(repeats),
  },
  commit: { about: 'load, decide, write on a real Postgres', minutes: 2, run: async () => (await import('./commit.ts')).benchCommit() },
  feed: { about: 'the feed on a real Redis', minutes: 0.5, run: async ({ repeats }) => (await import('./feed/feed.ts')).benchFeed(repeats) },
  cluster: {
    about: 'whole path, cluster on real engines, by both Kafka clients',
    minutes: 4,
    repeats: 2,
    run: async ({ repeats }) => (await import('./path/cluster.ts')).benchCluster(repeats),
  },
  log: { about: 'the log in a real Kafka, by both clients', minutes: 2, run: async ({ repeats }) => (await import('./log.ts')).benchLog(repeats) },
  gateway: {
    about: "the gateway's own path at 20 to millions of deliveries/s, against bare ws, socket.io and Centrifugo",
    minutes: 8,
    run: async ({ repeats, quick }) =>
      (await import('./gateway/gateway.ts')).benchGateway(repeats, { quick, ...(values['cpu-prof'] === undefined ? {} : { cpuProf: values['cpu-prof'] }) }),
  },
  idle: {
    about: '10,000 idle signed-in sockets: memory, and what letting them in costs',
    minutes: 1.5,
    repeats: 2,
    run: async ({ repeats }) => (await import('./gateway/idle.ts')).benchIdle(repeats),
  },
  scaling: {
    about: '1x, 2x, 4x members, rooms, workers: is the cost of a delivery flat',
    minutes: 2,
    repeats: 2,
    run: async ({ repeats }) => (await import('./gateway/scaling.ts')).benchScaling(repeats),
  },
};

const HELP = `npm run bench [-- options]
  --only a,b       only these parts (--list shows them)
  --repeats N      as often as this instead of what each part takes by itself (1 to 20)
  --quick          one short repeat of each, for a look; nothing is kept
  --keep FILE      keeps each part in this file as soon as it is done, with its command, commit, date and machine
  --json FILE      writes the figures of this run
  --cpu-prof DIR   gateway: writes a CPU profile of the worker at its limit there, and prints its top functions
  --list           shows the parts and how long they take
  --help           this
The page is made from what was kept: npm run bench -- --keep docs/performance/results.json && node load/report/page.ts`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    repeats: { type: 'string' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'string' },
    json: { type: 'string' },
    'cpu-prof': { type: 'string' },
    // Not for people: this process is that of one part.
    part: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function refuse(why: string): never {
  console.error(`bench: ${why}\n\n${HELP}`);
  process.exit(2);
}

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (values.list) {
  for (const [name, { about, minutes }] of Object.entries(SUITES)) console.log(`${name.padEnd(14)} ${`${minutes} min`.padStart(8)}  ${about}`);
  console.log(`${'all'.padEnd(14)} ${`${Object.values(SUITES).reduce((sum, { minutes }) => sum + minutes, 0)} min`.padStart(8)}`);
  process.exit(0);
}
const only = values.only?.split(',').map((name) => name.trim()) ?? null;
const unknown = unknownParts(SUITES, only);
if (unknown.length > 0) refuse(`there is no part ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
const repeats = values.repeats === undefined ? null : Number(values.repeats);
if (repeats !== null && !(Number.isInteger(repeats) && repeats >= 1 && repeats <= 20)) refuse('--repeats takes a whole number from 1 to 20');
if (values.quick && values.keep !== undefined) refuse('figures of --quick are too short to be kept: leave one of --quick and --keep out');

const own = values.part === undefined ? undefined : SUITES[values.part];
if (own !== undefined) {
  await answerParent(own, repeats ?? 1, values.quick);
  // Clients of engines may hold timers.
  process.exit(0);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const commit = await commitOf(root);
const figures: Figure[] = [];
console.log(HEAD);
const passed = values['cpu-prof'] === undefined ? [] : ['--cpu-prof', values['cpu-prof']];
const alone: Suites = Object.fromEntries(
  Object.entries(SUITES).map(([name, suite]) => [name, inOwnProcess(suite, fileURLToPath(import.meta.url), ['--part', name, ...passed])]),
);
const failed = await runParts(
  alone,
  { only, repeats, quick: values.quick },
  {
    now: () => performance.now(),
    progress: (line) => void process.stderr.write(`${line}\n`),
    part: async (name, part) => {
      for (const row of part.rows) console.log(lineOf(row));
      figures.push(...part.rows.map(toFigure));
      if (values.keep === undefined) return;
      const command = `npm run bench -- --only ${name}${repeats === null ? '' : ` --repeats ${repeats}`}`;
      await keepPart(values.keep, name, { at: new Date().toISOString(), command, commit, machine: machineLine(), ...part });
    },
  },
);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
for (const kept of [values.json, values.keep]) if (kept !== undefined) console.log(`written: ${kept}`);
if (failed.size > 0) {
  const names = [...failed.keys()].join(',');
  console.error(`${failed.size} failed: ${names}. Again: npm run bench -- --only ${names}${values.keep === undefined ? '' : ` --keep ${values.keep}`}`);
}
process.exit(failed.size === 0 ? 0 : 1);
