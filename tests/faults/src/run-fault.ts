// One fault from beginning to end: people come, talk, the fault happens and heals, all is as before within its time, the checker judges.
import type { Report } from '@parley/checker';
import type { Fault, Figure, Scene } from './fault.ts';
import { delaysIn, percentile } from './measure/spans.ts';
import { sleep } from './sleep.ts';
import { createLoad, type Load, type LoadOptions } from './world/load.ts';
import { createRandom } from './world/random.ts';
import { openStage, type Stage } from './world/stage.ts';

export interface FaultResult {
  readonly id: string;
  readonly name: string;
  readonly seed: number;
  readonly ok: boolean;
  /** What did not hold, in words. */
  readonly problems: readonly string[];
  readonly figures: readonly Figure[];
  readonly messages: number;
  readonly expected: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly gaps: number;
  readonly unresolved: number;
  readonly reconnects: number;
  readonly seconds: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly load?: Partial<LoadOptions>;
  readonly long?: boolean;
  readonly step?: (text: string) => void;
}

export const LOAD: LoadOptions = { people: 30, rooms: 4, rate: 60 };
/** I16: everything is as before within this time of the healing. */
const HEALED_MS = 30_000;
/** Seen by everybody in the room, once healed. */
const PROBE_MS = 5_000;
const CALM_MS = { least: 1_000, most: 3_000 } as const;
const AFTER_MS = 2_000;

/** On the warm stage, or on one of the fault's own where it needs that. Rejects only when it could not be run. */
export async function runFault(fault: Fault, warm: () => Promise<Stage>, options: RunOptions): Promise<FaultResult> {
  if (fault.stage === undefined) return runOn(await warm(), fault, options);
  const { clean, ...wanted } = await fault.stage(warm);
  try {
    const own = await openStage(wanted);
    return await runOn(own, fault, options).finally(() => own.stop());
  } finally {
    await clean?.();
  }
}

async function runOn(stage: Stage, fault: Fault, { seed, long = false, step = () => {}, ...options }: RunOptions): Promise<FaultResult> {
  const began = performance.now();
  const random = createRandom(seed);
  const problems: string[] = [];
  const figures: Figure[] = [];
  const figure = (one: Figure): void => {
    figures.push(one);
    if (one.most !== undefined && one.value > one.most) problems.push(`${one.name}: ${one.value} ${one.unit}, at most ${one.most}`);
    if (one.least !== undefined && one.value < one.least) problems.push(`${one.name}: ${one.value} ${one.unit}, at least ${one.least}`);
  };
  await ready(stage);
  const load = await createLoad(stage, random.fork('load'), { ...LOAD, ...fault.load, ...options.load });
  step(`${load.people.length + 1} people in ${load.rooms.length} rooms`);
  try {
    load.begin();
    const calmFrom = performance.now();
    await sleep(random.between(CALM_MS.least, CALM_MS.most));
    figure({ name: 'send to seen p99 before', value: percentile(delaysIn([load.owner, ...load.people], calmFrom, performance.now()), 0.99), unit: 'ms' });
    const scene: Scene = {
      stage,
      cluster: stage.cluster,
      engines: stage.engines,
      load,
      random: random.fork(fault.id),
      long,
      step,
      figure,
      check: (holds, what) => void (holds || problems.push(what)),
    };
    await fault.run(scene);
    step('healed');
    await heal(stage, load, figure);
    await load.end(HEALED_MS);
    const report = await load.judge(HEALED_MS);
    const refused = fault.mayRefuse ?? [];
    problems.push(...load.failures.filter((text) => !refused.some((code) => text.includes(code))));
    problems.push(
      ...report.violations
        .slice(0, 20)
        .map(({ invariant, message, room, client, at }) => `${invariant} ${message} [${[room, client, at].filter((one) => one !== undefined).join(', ')}]`),
    );
    return resultOf(fault, seed, report, { problems, figures, said: load.said(), seconds: (performance.now() - began) / 1000 });
  } finally {
    await load.close();
  }
}

/** Liveness: all serve, everybody is connected, and what is said now is seen by all. */
async function heal(stage: Stage, load: Load, figure: Scene['figure']): Promise<void> {
  const began = performance.now();
  await ready(stage);
  const everybody = [load.owner, ...load.people];
  while (everybody.some(({ parley }) => parley.state.status !== 'online') && performance.now() - began < HEALED_MS) await sleep(20);
  figure({ name: 'back to normal', value: Math.round(performance.now() - began), unit: 'ms', most: HEALED_MS });
  await sleep(AFTER_MS);
  const probed = performance.now();
  const room = load.rooms[0] ?? '';
  const seq = await load.say(load.owner, room, 'does everybody see this').catch(() => -1);
  const hasSeen = (): boolean => everybody.every(({ parley }) => (parley.state.rooms.get(room)?.seq ?? -1) >= seq);
  while (!hasSeen() && performance.now() - probed < HEALED_MS) await sleep(10);
  figure({ name: 'a message afterwards, to the last member', value: Math.round(performance.now() - probed), unit: 'ms', most: PROBE_MS });
}

/** Every process serves, with all of its workers. */
async function ready({ cluster }: Stage): Promise<void> {
  await Promise.all(cluster.processes.map((one) => one.ready()));
}

function resultOf(
  { id, name }: Fault,
  seed: number,
  { ok, counts }: Report,
  run: { readonly problems: readonly string[]; readonly figures: readonly Figure[]; readonly said: number; readonly seconds: number },
): FaultResult {
  const { messages, expected, lost, duplicated, outOfOrder, gaps, unresolved, reconnects } = counts;
  const problems = messages > 0 && expected > 0 ? run.problems : [...run.problems, 'nothing was judged'];
  return {
    id,
    name,
    seed,
    ok: ok && problems.length === 0,
    problems,
    figures: run.figures,
    messages,
    expected,
    lost,
    duplicated,
    outOfOrder,
    gaps,
    unresolved,
    reconnects,
    seconds: Math.round(run.seconds * 10) / 10,
  };
}
