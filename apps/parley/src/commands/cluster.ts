// `npm run cluster`: every service as a process of its own on this machine, on real engines, and what can be done to one of them.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterStatus } from '../cluster/cluster-state.ts';
import { engineUrls } from '../cluster/config.ts';
import { NoCluster } from '../cluster/control.ts';
import { type Cluster, connectCluster, startCluster } from '../cluster/start-cluster.ts';

export interface ClusterCommandOptions {
  readonly gateways: number;
  readonly workers: number;
  readonly messages: number;
  readonly folder?: string;
  readonly host: string;
  readonly port: number;
  readonly prefix?: string;
  readonly foreground?: boolean;
  readonly json?: boolean;
}

export type ClusterAction = 'start' | 'status' | 'kill' | 'restart' | 'pause' | 'resume' | 'stop';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

export async function cluster(action: ClusterAction, name: string | undefined, options: ClusterCommandOptions): Promise<void> {
  const folder = options.folder === undefined ? join(ROOT, '.parley-cluster') : resolve(options.folder);
  const print = (text: string, fields: object): void => console.log(options.json === true ? JSON.stringify(fields) : text);
  if (action === 'start') return start(folder, options, print);
  const running = await connectCluster(folder);
  if (action === 'status') {
    const status = await running.status();
    return print(table(status), status);
  }
  if (action === 'stop' && name === undefined) {
    await running.stop();
    return print('Stopped.', { stopped: true });
  }
  if (name === undefined) throw new Error(`Say which: ${running.processes.map((one) => one.name).join(', ')}.`);
  const status = await act(running, action, name);
  print(table(status), status);
}

async function act(running: Cluster, action: Exclude<ClusterAction, 'start' | 'status'>, target: string): Promise<ClusterStatus> {
  const [name = '', part] = target.split('/');
  const one = running.process(name);
  if (action === 'kill') await one.kill(part === 'primary' ? 'primary' : part === undefined ? undefined : Number(part));
  else if (part !== undefined) throw new Error(`Only kill takes a part of a gateway: ${action} ${name}.`);
  else await one[action]();
  return running.status();
}

async function start(folder: string, options: ClusterCommandOptions, print: (text: string, fields: object) => void): Promise<void> {
  const { gateways, workers, messages, host, port, prefix } = options;
  const began = performance.now();
  const engines = await engineUrls(ROOT);
  const running = await startCluster({
    folder,
    engines,
    gateways,
    workers,
    messages,
    host,
    port,
    detached: options.foreground !== true,
    ...(prefix === undefined ? {} : { prefix }),
    onStep: (step) => options.json === true || console.log(step),
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const code = running.setupCode === null ? '' : `\nThe first account needs this code: ${running.setupCode}`;
  const how = options.foreground === true ? 'Ctrl-C ends it.' : '`npm run cluster -- stop` ends it.';
  print(`Parley is ready: ${running.url}  (${seconds} s)${code}\nLogs: ${join(folder, 'logs')}. ${how}`, {
    ready: true,
    url: running.url,
    setupCode: running.setupCode,
  });
  if (options.foreground !== true) return;
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void running.stop().finally(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  // Ended from another shell, or gone.
  for (; !ending; await new Promise((resolve) => setTimeout(resolve, 1_000))) {
    const there = await running.status().catch((error: unknown) => error);
    if (there instanceof NoCluster && !ending) return;
  }
  await new Promise(() => {});
}

function table({ processes, url }: ClusterStatus): string {
  const rows = processes.map(({ name, pid, workers, url: at, ready, paused, restarts, upMs }) => [
    name,
    pid === null ? '-' : String(pid),
    paused ? 'paused' : ready ? 'ready' : 'not ready',
    `${Math.round(upMs / 1000)} s`,
    String(restarts),
    at,
    workers.map((worker) => `${worker.slot}:${worker.pid}${worker.state === 'ready' ? '' : ` ${worker.state}`} (${worker.sockets})`).join('  '),
  ]);
  const all = [['name', 'pid', 'state', 'up', 'restarts', 'address', 'workers (sockets)'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return [
    ...all.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
    url,
  ].join('\n');
}
