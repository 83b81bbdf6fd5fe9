// Recorded conversations lived through again on a cluster, while every kind of process in turn is killed with -9 and comes back. The same
// replay and the same checker as `parley replay irc`; here is only what is done to the cluster meanwhile.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createChecker } from '@parley/checker';
import { parseIrcLog, planReplay, runReplay } from '@parley/cli';
import type { EngineName } from '@parley/engines';
import { sleep } from './sleep.ts';
import { createRandom, type Random } from './world/random.ts';
import type { Stage } from './world/stage.ts';

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly seed: number;
  readonly speed: number;
  readonly maxSilenceMs: number;
  /** Which, in this order. Default: all. */
  readonly hurts?: readonly HurtName[];
  /** How long a messages instance stands still. */
  readonly pauseMs: number;
  readonly step?: (text: string) => void;
}

export interface ReplayResult {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly logs: number;
  readonly people: number;
  readonly messages: number;
  readonly hurts: readonly string[];
  readonly commands: number;
  readonly accepted: number;
  readonly unresolved: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly gaps: number;
  readonly reconnects: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly seconds: number;
}

type Hurt = (stage: Stage, random: Random, pauseMs: number) => Promise<void>;
const ENGINE_AWAY_MS = { least: 1_000, most: 4_000 } as const;

const killEngine =
  (name: EngineName): Hurt =>
  async ({ engines }, random) => {
    await engines[name].kill();
    await sleep(random.between(ENGINE_AWAY_MS.least, ENGINE_AWAY_MS.most));
    await engines[name].start();
  };

/** In the order of the promise. */
const HURTS = {
  'a gateway worker killed': async ({ cluster }, random) => {
    await cluster.status();
    const gateway = cluster.process(random.pick(['gateway-1', 'gateway-2']));
    await gateway.kill(random.pick(gateway.status.workers).slot);
    await gateway.ready();
  },
  'a gateway killed': async ({ cluster }, random) => {
    const gateway = cluster.process(random.pick(['gateway-1', 'gateway-2']));
    await gateway.kill();
    await gateway.ready();
  },
  'messages killed': async ({ cluster }, random) => {
    const one = cluster.process(random.pick(['messages-1', 'messages-2']));
    await one.kill();
    await one.ready();
  },
  'messages stopped and continued': async ({ cluster }, random, pauseMs) => {
    const one = cluster.process(random.pick(['messages-1', 'messages-2']));
    await one.pause();
    await sleep(pauseMs);
    await one.resume();
    await one.ready();
  },
  'Redis killed': killEngine('redis'),
  'Kafka killed': killEngine('kafka'),
  'RabbitMQ killed': killEngine('rabbitmq'),
  'Postgres killed': killEngine('postgres'),
} as const satisfies Readonly<Record<string, Hurt>>;

export type HurtName = keyof typeof HURTS;
export const HURT_NAMES = Object.keys(HURTS) as HurtName[];

/** Nothing of the ten logs may be lost: what the checker says, and every step that failed. */
export async function replayUnderFaults(stage: Stage, options: ReplayOptions): Promise<ReplayResult> {
  const { step = () => {}, hurts = HURT_NAMES } = options;
  const random = createRandom(options.seed);
  const logs = await Promise.all(
    options.files.map(async (file) => ({ name: basename(file).replace(/(\.raw)?\.txt$/, ''), entries: parseIrcLog(await readFile(file)).entries })),
  );
  const plan = planReplay(logs, options.maxSilenceMs);
  step(`${logs.length} logs, ${plan.people.length} people, ${plan.messages} messages`);
  const done: string[] = [];
  const failed: string[] = [];
  const interrupt = new Map(
    hurts.map((name, index) => [
      Math.floor((plan.steps.length * (index + 1)) / (hurts.length + 1)),
      async () => {
        step(name);
        try {
          await HURTS[name](stage, random, options.pauseMs);
          done.push(name);
        } catch (error) {
          failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      },
    ]),
  );
  const checker = createChecker();
  let tenth = -1;
  const word = random.between(0, 0xffffffff).toString(36);
  const run = await runReplay({
    plan,
    url: stage.cluster.url,
    loadKey: stage.loadKey,
    owner: { handle: `replay-${word}`, password: `replay ${word} has a password` },
    speed: options.speed,
    interrupt,
    record: (record) => checker.add(record),
    onProgress: (count, phase) => {
      const now = Math.floor((count / Math.max(1, phase === 'accounts' ? plan.people.length : plan.steps.length)) * 10);
      if (now === tenth) return;
      tenth = now;
      step(`${phase} ${now * 10} %`);
    },
  });
  const { ok, counts, latencies, violations } = checker.report();
  const problems = [
    ...failed,
    ...run.failures,
    ...violations.slice(0, 20).map(({ invariant, message, room, client }) => `${invariant} ${message} [${room}, ${client}]`),
  ];
  return {
    ok: ok && problems.length === 0 && done.length === hurts.length,
    problems: problems.slice(0, 50),
    logs: logs.length,
    people: plan.people.length,
    messages: plan.messages,
    hurts: done,
    commands: counts.commands,
    accepted: counts.accepted,
    unresolved: counts.unresolved,
    expected: counts.expected,
    delivered: counts.delivered,
    lost: counts.lost,
    duplicated: counts.duplicated,
    outOfOrder: counts.outOfOrder,
    gaps: counts.gaps,
    reconnects: counts.reconnects,
    p50Ms: latencies.sendToDeliverMs.p50,
    p99Ms: latencies.sendToDeliverMs.p99,
    seconds: Math.round(run.wallMs / 100) / 10,
  };
}
