// The supervisor as a program: told what to run by one line of JSON on stdin, it answers with lines of JSON on stdout and runs until told
// to end. With `attached`, the end of stdin ends everything: no process outlives the test that started it.
import { mkdir, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { childEnvironment } from '../config.ts';
import { isLoopback } from '../listen-host.ts';
import { controlPath, readClusterFile } from './cluster-state.ts';
import { serveControl } from './control.ts';
import { freePorts } from './free-ports.ts';
import { clusterKeys } from './keys.ts';
import { endLeftovers } from './leftovers.ts';
import { type ClusterShape, type EngineUrls, planProcesses, portsNeeded } from './plan-processes.ts';
import { prepareEngines } from './prepare-engines.ts';
import { createSupervisor } from './supervisor.ts';

export interface SuperviseOrder {
  readonly folder: string;
  readonly shape: ClusterShape;
  readonly engines: EngineUrls;
  readonly attached: boolean;
  /** Where Node keeps what it made of our source, for faster starts. */
  readonly cacheFolder: string;
  /** Beside what the environment and the plan say. */
  readonly env: Readonly<Record<string, string>>;
  /** Beside that, by the process' name. */
  readonly envOf: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type SuperviseLine =
  | { readonly step: string }
  | { readonly ready: true; readonly url: string; readonly gatewayUrls: readonly string[]; readonly setupCode: string | null }
  | { readonly failed: string };

const say = (line: SuperviseLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function inherited(order: SuperviseOrder): Record<string, string> {
  const all = { ...childEnvironment({}), NODE_COMPILE_CACHE: order.cacheFolder, ...order.env };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function run(order: SuperviseOrder): Promise<void> {
  const { folder, shape, engines } = order;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await endLeftovers(await readClusterFile(folder));
  const keys = await clusterKeys(folder, rng);
  const databaseUrls = await prepareEngines(engines, shape.prefix, folder, rng);
  say({ step: 'databases and topics are there' });
  const setupCode = isLoopback(shape.host) ? null : keys.setupCode;
  const planned = planProcesses({
    shape,
    engines,
    keys,
    setupCode,
    databaseUrls,
    mediaFolder: `${folder}/media`,
    traceFolder: `${folder}/traces`,
    ports: await freePorts(portsNeeded(shape), rng),
    base: inherited(order),
  });
  const plan = { ...planned, processes: planned.processes.map((one) => ({ ...one, env: { ...one.env, ...order.envOf[one.name] } })) };
  const supervisor = await createSupervisor({
    plan,
    folder,
    graceMs: shape.graceMs + 2_000,
    clock,
    onReady: ({ name, pid, workers, url }) =>
      say({ step: `${name.padEnd(14)} ${url}  pid ${pid}${workers.length === 0 ? '' : `, workers ${workers.map((one) => one.pid).join(' ')}`}` }),
  });
  const path = controlPath(folder);
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> => {
    ending ??= supervisor.stop().then(() => rm(path, { force: true }));
    return ending;
  };
  const endAndExit = (): void => void end().then(() => process.exit(0));
  const control = await serveControl(path, async (request) => {
    if (request.do !== 'end') return supervisor.handle(request);
    const last = await supervisor.status();
    await end();
    // After the answer is out.
    control.close(() => process.exit(0));
    return last;
  });
  process.on('SIGTERM', endAndExit);
  process.on('SIGINT', endAndExit);
  process.on('SIGHUP', () => {});
  if (order.attached)
    process.stdin.once('end', () => {
      supervisor.kill();
      process.exit(1);
    });
  try {
    await supervisor.start();
  } catch (error) {
    supervisor.kill();
    throw error;
  }
  say({ ready: true, url: plan.url, gatewayUrls: plan.gatewayUrls, setupCode });
}

// Who started us may be gone: nobody to tell any more is no reason to end.
process.stdout.on('error', () => {});
createInterface({ input: process.stdin }).once('line', (line) => {
  run(JSON.parse(line) as SuperviseOrder).catch((error: unknown) => {
    say({ failed: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.stdout.write('', () => process.exit(1));
  });
});
