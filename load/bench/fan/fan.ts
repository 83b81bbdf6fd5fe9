// One run of the load client: what it is told, and the lines that it answers. It ends with this process, whatever ends that.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../targets/start.ts';

/** One phase, or the connecting (verdict `connect`). CPU and memory are by group of processes; latencies in ms. */
export interface FanLine {
  readonly verdict: string;
  readonly conns: number;
  readonly rate: number;
  readonly sent: number;
  readonly sent_per_s: number;
  readonly expected: number;
  readonly received: number;
  readonly lost: number;
  readonly gaps: number;
  readonly doubled: number;
  readonly closed: number;
  readonly deliveries_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly wall_s: number;
  readonly cpu_s: Readonly<Record<string, number>>;
  readonly cpu_us_per_delivery: Readonly<Record<string, number>>;
  readonly client_core_frac: number;
  readonly other_cpu_cores: number;
  readonly conn_per_s?: number;
  readonly cpu_us_per_connect?: Readonly<Record<string, number>>;
  readonly rss_kib_per_conn?: Readonly<Record<string, number>>;
}

export interface FanRun {
  readonly connect: FanLine;
  readonly phases: readonly FanLine[];
}

export interface FanOptions {
  /** A name of profiles/. */
  readonly profile: 'ws' | 'socketio' | 'centrifugo' | 'parley';
  /** host:port of the servers; subscribers are spread over them, publishers are at the first unless `publishers` says where. */
  readonly urls: readonly string[];
  readonly publishers?: readonly string[];
  /** Processes whose CPU and memory are told, by name. */
  readonly groups: Readonly<Record<string, readonly number[]>>;
  /** The rest, as main.go's flags: `conns: 1000`, `dur: '4s'`. */
  readonly work: Readonly<Record<string, string | number>>;
  /** Keep it on this CPU. */
  readonly cpu?: number;
}

const TIMEOUT_MS = 180_000;

/** Throws with what it said when it fails or takes too long. */
export async function runFan(program: string, { profile, urls, publishers, groups, work, cpu }: FanOptions): Promise<FanRun> {
  const args = ['-profile', fileURLToPath(new URL(`./profiles/${profile}.json`, import.meta.url)), '-urls', urls.join(',')];
  if (publishers !== undefined) args.push('-puburls', publishers.join(','));
  for (const [name, pids] of Object.entries(groups)) args.push('-grp', `${name}=${pids.join(',')}`);
  for (const [name, value] of Object.entries(work)) args.push(`-${name}`, String(value));
  const [command = '', ...rest] = cpu === undefined ? [program, ...args] : ['taskset', '-c', String(cpu), program, ...args];
  const child = endWithUs(spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] }));
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  clearTimeout(late);
  if (code !== 0) throw new Error(`The load client ended with ${code}: ${said.slice(0, 500)}`);
  const [connect, ...phases] = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FanLine);
  if (connect === undefined) throw new Error('The load client answered nothing.');
  return { connect, phases };
}
