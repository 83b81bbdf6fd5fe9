// How the engines of a folder are, as a person and as a program read it. Never shows a password.
import type { EngineName } from '../engine.ts';
import { runningIn } from '../process/engine-process.ts';
import { isPaused } from '../process/process-tree.ts';
import type { LocalEngine } from './local-engines.ts';
import { isReachable, withoutPassword } from './reachable.ts';
import { versionOf } from './versions.ts';

export interface EngineStatus {
  readonly engine: string;
  /** `starting`: the process is there and takes no connection. `elsewhere`: named by its URL, not ours. */
  readonly state: 'running' | 'starting' | 'paused' | 'stopped' | 'elsewhere' | 'unreachable';
  readonly url: string;
  /** Null when it does not run here. */
  readonly pid: number | null;
  readonly version: string | null;
}

export async function statusOf(local: LocalEngine): Promise<EngineStatus> {
  const engine = await local.open();
  const running = runningIn(local.folder);
  const state = running === null ? 'stopped' : isPaused(running.pid) ? 'paused' : (await isReachable(engine.url)) ? 'running' : 'starting';
  return { engine: local.id, state, url: withoutPassword(engine.url), pid: running?.pid ?? null, version: await versionOf(local.name) };
}

export async function statusOfGiven(name: EngineName, url: string): Promise<EngineStatus> {
  const state = (await isReachable(url)) ? 'elsewhere' : 'unreachable';
  return { engine: name, state, url: withoutPassword(url), pid: null, version: null };
}

export const lineOf = ({ engine, state, url, pid, version }: EngineStatus): string =>
  `${engine.padEnd(10)} ${state.padEnd(10)} ${url}${pid === null ? '' : `  pid ${pid}`}${version === null ? '' : `  version ${version}`}`;
