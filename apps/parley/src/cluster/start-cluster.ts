// A local cluster from a program's side: starts the supervisor as a child, and does through it what a test or a command wants done.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { makeLoadKey } from '@parley/protocol';
import { createInternalHttp, createLogger } from '@parley/runtime';
import { type ClusterStatus, controlPath, type ProcessStatus, readClusterFile } from './cluster-state.ts';
import { askControl, type ControlRequest } from './control.ts';
import { clusterKeys } from './keys.ts';
import type { ClusterShape, EngineUrls } from './plan-processes.ts';
import type { SuperviseLine, SuperviseOrder } from './supervise.ts';

export interface ClusterOptions {
  /** Logs, keys and state; made when missing. */
  readonly folder: string;
  readonly engines: EngineUrls;
  readonly gateways?: number;
  /** Per gateway. */
  readonly workers?: number;
  readonly messages?: number;
  /** Default 127.0.0.1; wider ones need the set-up code for the first account. */
  readonly host?: string;
  /** Of the address that people use. Default 0: a free one. */
  readonly port?: number;
  /** A word that keeps clusters on the same engines apart. Default: none. */
  readonly prefix?: string;
  readonly drainMs?: number;
  readonly graceMs?: number;
  readonly logLevel?: string;
  /** Beside the environment, for every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** For single processes, by name (`messages-1`): goes before the rest. */
  readonly envOf?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** true: the cluster outlives this process. Default: it ends with it, whatever happens to it. */
  readonly detached?: boolean;
  /** One line for each thing that is ready. */
  readonly onStep?: (step: string) => void;
}

export interface ClusterProcess {
  readonly name: string;
  /** As of the last answer; null: not running then. */
  readonly pid: number | null;
  readonly status: ProcessStatus;
  /** SIGKILL to all of it (a gateway: its workers too). It comes back by itself. `part`: a worker's slot, or `primary`. */
  kill(part?: number | 'primary'): Promise<void>;
  /** Politely, and not back again before start(). */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Politely; a gateway worker by worker. Resolves when it serves again. */
  restart(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Resolves when it serves. */
  ready(): Promise<void>;
}

export interface Cluster {
  readonly folder: string;
  readonly url: string;
  readonly gatewayUrls: readonly string[];
  readonly setupCode: string | null;
  readonly processes: readonly ClusterProcess[];
  /** Throws when there is none of this name. */
  process(name: string): ClusterProcess;
  status(): Promise<ClusterStatus>;
  /** A key that keeps rate limits out of it; needs no owner. */
  loadKey(): Promise<string>;
  stop(): Promise<void>;
}

const SUPERVISE = fileURLToPath(new URL('./supervise.ts', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/parley-node', import.meta.url));
const DRAIN_MS = 5_000;
const GRACE_MARGIN_MS = 15_000;

/** Resolves when every process serves. Rejects with what went wrong, with nothing left running. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, detached = false, drainMs = DRAIN_MS } = options;
  const shape: ClusterShape = {
    gateways: options.gateways ?? 2,
    workers: options.workers ?? 2,
    messages: options.messages ?? 2,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    prefix: options.prefix ?? null,
    drainMs,
    graceMs: options.graceMs ?? drainMs + GRACE_MARGIN_MS,
    logLevel: options.logLevel ?? 'info',
  };
  await mkdir(CACHE, { recursive: true });
  const order: SuperviseOrder = {
    folder,
    shape,
    engines: options.engines,
    attached: !detached,
    cacheFolder: CACHE,
    env: options.env ?? {},
    envOf: options.envOf ?? {},
  };
  const ready = await spawnSupervisor(order, options.onStep ?? (() => {}));
  const cluster = await connectCluster(folder);
  return { ...cluster, setupCode: ready.setupCode };
}

type Ready = Extract<SuperviseLine, { ready: true }>;

function spawnSupervisor(order: SuperviseOrder, onStep: (step: string) => void): Promise<Ready> {
  const child = spawn(process.execPath, [SUPERVISE], { stdio: ['pipe', 'pipe', order.attached ? 'inherit' : 'ignore'], detached: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`The supervisor ended (${code ?? signal}).`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as SuperviseLine;
      if ('step' in line) return onStep(line.step);
      if ('failed' in line) return reject(new Error(line.failed));
      // An attached one ends at the end of our pipe to it; neither keeps us from ending.
      child.unref();
      (child.stdout as unknown as { unref(): void }).unref();
      (child.stdin as unknown as { unref(): void }).unref();
      if (!order.attached) child.stdin.end();
      resolve(line);
    });
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(order)}\n`);
  });
}

/** A cluster that runs already. Throws NoCluster. */
export async function connectCluster(folder: string): Promise<Cluster> {
  const path = controlPath(folder);
  let last = await askControl(path, { do: 'status' });
  const ask = async (request: ControlRequest): Promise<ClusterStatus> => {
    last = await askControl(path, request);
    return last;
  };
  const handle = (name: string): ClusterProcess => {
    const now = (): ProcessStatus => last.processes.find((one) => one.name === name) as ProcessStatus;
    const tell = (what: ControlRequest['do'], target = name): Promise<void> => ask({ do: what, name: target }).then(() => {});
    return {
      name,
      get pid() {
        return now().pid;
      },
      get status() {
        return now();
      },
      kill: (part) => tell('kill', part === undefined ? name : `${name}/${part}`),
      stop: () => tell('stop'),
      start: () => tell('start'),
      restart: () => tell('restart'),
      pause: () => tell('pause'),
      resume: () => tell('resume'),
      ready: () => tell('ready'),
    };
  };
  const processes = last.processes.map(({ name }) => handle(name));
  return {
    folder,
    url: last.url,
    gatewayUrls: last.gatewayUrls,
    setupCode: null,
    processes,
    process(name) {
      const found = processes.find((one) => one.name === name);
      if (found === undefined) throw new Error(`There is no ${name}.`);
      return found;
    },
    status: () => ask({ do: 'status' }),
    loadKey: () => loadKeyOf(folder),
    stop: () => ask({ do: 'end' }).then(() => {}),
  };
}

async function loadKeyOf(folder: string): Promise<string> {
  const [keys, file] = await Promise.all([clusterKeys(folder, rng), readClusterFile(folder)]);
  const internal = createInternalHttp({ key: keys.internalKey, urls: file?.serviceUrls ?? {}, clock, rng, logger: createLogger({ level: 'silent' }) });
  return (await internal.clientFor('parley').call(makeLoadKey, {})).key;
}
