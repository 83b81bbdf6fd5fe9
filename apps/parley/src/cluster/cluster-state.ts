// What is known of a cluster from outside: `cluster.json` in its folder, and what the supervisor says of each process.
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ProcessStatus {
  readonly name: string;
  /** null: not running now. */
  readonly pid: number | null;
  /** Of a gateway: its workers by slot. */
  readonly workers: readonly { readonly slot: number; readonly pid: number; readonly state: string; readonly sockets: number }[];
  readonly url: string;
  readonly ready: boolean;
  readonly paused: boolean;
  /** Times it came back by itself. */
  readonly restarts: number;
  readonly upMs: number;
}

export interface ClusterStatus {
  /** Where people go. */
  readonly url: string;
  readonly gatewayUrls: readonly string[];
  readonly supervisor: number;
  readonly ready: boolean;
  readonly processes: readonly ProcessStatus[];
}

/** Kept on disk, so that another shell finds the cluster and a later start finds what an earlier one left running. */
export interface ClusterFile {
  readonly supervisor: number;
  readonly url: string;
  readonly gatewayUrls: readonly string[];
  /** Services by name, as other services reach them. */
  readonly serviceUrls: Readonly<Record<string, readonly string[]>>;
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly main: string }[];
}

/** A unix socket's path has room for about 100 characters. */
const SOCKET_PATH_MAX = 100;

export function controlPath(folder: string): string {
  const path = join(folder, 'control.sock');
  return path.length <= SOCKET_PATH_MAX ? path : join(tmpdir(), `parley-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.sock`);
}

const fileOf = (folder: string): string => join(folder, 'cluster.json');

export async function readClusterFile(folder: string): Promise<ClusterFile | null> {
  try {
    return JSON.parse(await readFile(fileOf(folder), 'utf8')) as ClusterFile;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: somebody may be reading it. */
export async function writeClusterFile(folder: string, file: ClusterFile): Promise<void> {
  const path = fileOf(folder);
  await writeFile(`${path}.new`, JSON.stringify(file, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
