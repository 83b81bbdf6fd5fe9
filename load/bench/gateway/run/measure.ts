// One measured run: a fresh server, the load client on it, both gone afterwards. And what all rows of these parts are made of.
import { availableParallelism } from 'node:os';
import { buildFan } from '../../fan/build-fan.ts';
import { type FanLine, type FanRun, runFan } from '../../fan/fan.ts';
import type { Part } from '../../results.ts';
import type { Row } from '../../row.ts';
import { createCalm } from './calm.ts';
import { createSetups, type OpenOptions, type SetupName, type Setups, TITLES } from './setups.ts';

const CLIENT_CPU = 1;
const CALM_MS = 30_000;
/** Handshakes at once. A sign-in waits up to 50 ms for others that its rights are asked with: fewer would measure that wait and nothing else. */
const INFLIGHT = 512;

export type Work = Readonly<Record<string, string | number>>;

export interface Bench {
  readonly setups: Setups;
  /** A fresh server of this name under this work. */
  run(name: SetupName, open: OpenOptions, work: Work): Promise<FanRun>;
}

/** Measures with everything started that is needed, and ended afterwards. Without Go or two cores all rows say so. */
export async function withBench(part: string, measure: (bench: Bench) => Promise<Part>): Promise<Part> {
  const built = await buildFan();
  const why = 'missing' in built ? built.missing : availableParallelism() < 2 ? 'the server and the load client need a core each' : null;
  if (why !== null || !('program' in built)) return { rows: [{ name: `${part}: all rows`, unit: '', values: [], notRun: why ?? '' }] };
  const setups = createSetups();
  const calm = createCalm(CALM_MS);
  const others: number[] = [];
  try {
    const { rows, series = [] } = await measure({
      setups,
      async run(name, open, work) {
        await calm.wait();
        const { pinned, stop, ...target } = await setups.open(name, open);
        try {
          const run = await runFan(built.program, { ...target, work: { inflight: INFLIGHT, ...work }, ...(pinned ? { cpu: CLIENT_CPU } : {}) });
          others.push(...run.phases.map((phase) => phase.other_cpu_cores));
          return run;
        } finally {
          await stop();
        }
      },
    });
    if (calm.busy) console.log(`${part}: busy machine, others used it meanwhile: these figures are no verdict`);
    const noise: Row = { name: `${part}: what the rest of the machine used meanwhile${calm.busy ? ' (busy)' : ''}`, unit: 'cores', values: others };
    return { rows: [...rows, noise], series };
  } finally {
    await setups.close();
  }
}

/** us of the servers' CPU. */
export const serverUs = (line: FanLine): number => line.cpu_us_per_delivery.server ?? Number.NaN;
/** Cores that the servers used. */
export const serverCores = (line: FanLine): number => (line.cpu_s.server ?? Number.NaN) / line.wall_s;
/** What may not happen: lost, out of order or doubled deliveries, and closed sockets. */
export const wrong = (line: FanLine): number => Math.abs(line.lost) + line.gaps + line.doubled + line.closed;

/** The only phase of a run. */
export function only(run: FanRun): FanLine {
  const [line] = run.phases;
  if (line === undefined) throw new Error('The load client measured nothing.');
  return line;
}

/** The lines of each repeat, by setup; repeats are interleaved, so that values and baselines of one repeat belong together. */
export type Lines = ReadonlyMap<SetupName, readonly FanLine[]>;

/** Runs all that can be run, `repeats` times in turn. `seconds` of one is for the log line only. */
export async function interleave(
  bench: Bench,
  names: readonly SetupName[],
  repeats: number,
  run: (name: SetupName) => Promise<FanRun>,
): Promise<Map<SetupName, FanRun[]>> {
  const here = names.filter((name) => bench.setups.missing(name) === null);
  const runs = new Map<SetupName, FanRun[]>(here.map((name) => [name, []]));
  for (let repeat = 0; repeat < repeats; repeat++) for (const name of here) runs.get(name)?.push(await run(name));
  return runs;
}

export const linesOf = (runs: ReadonlyMap<SetupName, readonly FanRun[]>, pick: (run: FanRun) => FanLine): Lines =>
  new Map([...runs].map(([name, all]) => [name, all.map(pick)]));

/** A row of `name` with another setup's values of the same repeats beside it; not run where that one is not here. */
export function pairedRow(
  bench: Bench,
  lines: Lines,
  [of, against]: readonly [SetupName, SetupName],
  { value, ...row }: Pick<Row, 'name' | 'unit' | 'goal'> & { value: (line: FanLine) => number },
): Row {
  const baselineName = TITLES[against];
  const why = bench.setups.missing(of) ?? bench.setups.missing(against);
  if (why !== null) return { ...row, values: [], baselineName, notRun: why };
  return { ...row, values: (lines.get(of) ?? []).map(value), baseline: (lines.get(against) ?? []).map(value), baselineName };
}

/** A row of its own. */
export function plainRow(
  bench: Bench,
  lines: Lines,
  of: SetupName,
  { value, ...row }: Pick<Row, 'name' | 'unit' | 'goal'> & { value: (line: FanLine) => number },
): Row {
  const why = bench.setups.missing(of);
  return why === null ? { ...row, values: (lines.get(of) ?? []).map(value) } : { ...row, values: [], notRun: why };
}
