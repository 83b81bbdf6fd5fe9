// All processes of a local cluster: starts them, asks how they are, and does to one of them what somebody asked for.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@parley/ports';
import { type ClusterStatus, type ProcessStatus, writeClusterFile } from './cluster-state.ts';
import { ControlRefused, type ControlRequest } from './control.ts';
import type { ClusterPlan } from './plan-processes.ts';
import { type Supervised, supervise } from './supervised.ts';

export interface Supervisor {
  /** Starts all; resolves when all serve. Rejects when that takes too long. */
  start(): Promise<void>;
  handle(request: ControlRequest): Promise<ClusterStatus>;
  status(): Promise<ClusterStatus>;
  /** Sockets first, then what serves them. */
  stop(): Promise<void>;
  /** Ends all, now. */
  kill(): void;
}

export interface SupervisorDeps {
  readonly plan: ClusterPlan;
  readonly folder: string;
  readonly graceMs: number;
  readonly clock: Clock;
  /** As each process serves for the first time. */
  readonly onReady?: (process: ProcessStatus) => void;
}

const READY_MS = 60_000;
const LOOK_MS = 100;
const ANSWER_MS = 2_000;

interface WorkerStatus {
  readonly slot: number;
  readonly pid: number;
  readonly state: string;
  readonly status: { readonly sockets: number } | null;
}

async function get<T>(url: string): Promise<T | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

async function statusOf(one: Supervised): Promise<ProcessStatus> {
  const { plan, pid, paused, restarts, upMs } = one;
  const asks = pid !== null && !paused;
  const [health, own] = await Promise.all([
    asks ? get<object>(plan.readyUrl) : null,
    asks && plan.statusUrl !== null ? get<{ workers: readonly WorkerStatus[] }>(plan.statusUrl) : null,
  ]);
  const workers = (own?.workers ?? []).map(({ slot, pid: worker, state, status }) => ({ slot, pid: worker, state, sockets: status?.sockets ?? 0 }));
  return { name: plan.name, pid, workers, url: plan.url, ready: health !== null, paused, restarts, upMs };
}

export async function createSupervisor({ plan, folder, graceMs, clock, onReady }: SupervisorDeps): Promise<Supervisor> {
  const logs = join(folder, 'logs');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  let saving: Promise<void> = Promise.resolve();
  const save = (): void => {
    const running = all.flatMap(({ plan: { name, main }, pid }) => (pid === null ? [] : [{ name, pid, main }]));
    const file = { supervisor: process.pid, url: plan.url, gatewayUrls: plan.gatewayUrls, serviceUrls: plan.serviceUrls, processes: running };
    saving = saving.then(() => writeClusterFile(folder, file)).catch(() => {});
  };
  const all = plan.processes.map((one) => supervise(one, { logFile: join(logs, `${one.name}.log`), clock, onChange: save }));
  // One run's log, and the one before it.
  await Promise.all(all.map(({ plan: { name } }) => rename(join(logs, `${name}.log`), join(logs, `${name}.log.1`)).catch(() => {})));

  const find = (name: string): Supervised => {
    const found = all.find((one) => one.plan.name === name);
    if (found === undefined) throw new ControlRefused(`There is no ${name}. There are: ${all.map((one) => one.plan.name).join(', ')}.`);
    return found;
  };

  const status = async (): Promise<ClusterStatus> => {
    const processes = await Promise.all(all.map(statusOf));
    return { url: plan.url, gatewayUrls: plan.gatewayUrls, supervisor: process.pid, ready: processes.every(({ ready }) => ready), processes };
  };

  const untilReady = async (one: Supervised, isNew: (now: ProcessStatus) => boolean = () => true): Promise<ProcessStatus> => {
    const end = clock.monotonic() + READY_MS;
    for (;;) {
      const now = await statusOf(one);
      if (now.ready && isNew(now)) return now;
      if (clock.monotonic() > end) throw new ControlRefused(`${one.plan.name} does not get ready: see ${join(logs, `${one.plan.name}.log`)}.`);
      await clock.sleep(LOOK_MS);
    }
  };

  /** `gateway-1`: the whole group. `gateway-1/2`: one worker. `gateway-1/primary`: the primary alone. */
  const signal = async (target: string, name: NodeJS.Signals): Promise<void> => {
    const [process = '', part] = target.split('/');
    const one = find(process);
    if (one.pid === null) throw new ControlRefused(`${process} is not running.`);
    if (part === undefined) return one.signal(name);
    const pid = part === 'primary' ? one.pid : (await statusOf(one)).workers.find(({ slot }) => String(slot) === part)?.pid;
    if (pid === undefined) throw new ControlRefused(`${process} has no worker ${part} now.`);
    one.signal(name, pid);
  };

  const restart = async (one: Supervised): Promise<void> => {
    if (one.plan.statusUrl === null) {
      await one.restart(graceMs);
      await untilReady(one);
      return;
    }
    const before = new Set((await statusOf(one)).workers.map(({ pid }) => pid));
    if (one.pid !== null) process.kill(one.pid, 'SIGHUP');
    await untilReady(one, ({ workers }) => workers.length > 0 && workers.every(({ pid, state }) => state === 'ready' && !before.has(pid)));
  };

  const handle = async ({ do: what, name = '' }: ControlRequest): Promise<ClusterStatus> => {
    if (what === 'kill') await signal(name, 'SIGKILL');
    else if (what === 'pause') await signal(name, 'SIGSTOP');
    else if (what === 'resume') await signal(name, 'SIGCONT');
    else if (what === 'restart') await restart(find(name));
    else if (what === 'stop') await find(name).stop(graceMs);
    else if (what === 'start') find(name).start();
    else if (what === 'ready') await untilReady(find(name));
    return await status();
  };

  const stopAll = async (): Promise<void> => {
    const isGateway = (one: Supervised): boolean => one.plan.statusUrl !== null;
    await Promise.all(all.filter(isGateway).map((one) => one.stop(graceMs)));
    await Promise.all(all.filter((one) => !isGateway(one)).map((one) => one.stop(graceMs)));
    await saving;
    await rm(join(folder, 'cluster.json'), { force: true });
  };

  return {
    async start() {
      for (const one of all) one.start();
      await Promise.all(all.map(async (one) => onReady?.(await untilReady(one))));
    },
    handle,
    status,
    stop: stopAll,
    kill() {
      for (const one of all) {
        void one.stop(0);
        one.signal('SIGKILL');
      }
    },
  };
}
