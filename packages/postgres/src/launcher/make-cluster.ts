// Makes the cluster's folder once. A half-made one is never used: it is made beside and renamed when it is whole.
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import type { RunAs } from './unprivileged.ts';
import { runWatched } from './watched-process.ts';

const UNFINISHED = 'pg.unfinished-';

export const CLUSTER_FOLDER = 'pg';
export const SUPERUSER = 'parley';

export async function makeCluster(dataDir: string, binaries: PostgresBinaries, runAs: RunAs, env: readonly string[]): Promise<void> {
  for (const name of readdirSync(dataDir)) {
    // An initdb that lost its starter may write for another moment.
    if (name.startsWith(UNFINISHED)) rmSync(join(dataDir, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
  const cluster = join(dataDir, CLUSTER_FOLDER);
  if (existsSync(cluster)) return;
  const unfinished = join(dataDir, `${UNFINISHED}${process.pid}`);
  mkdirSync(unfinished, { mode: 0o700 });
  if (runAs.owner !== null) chownSync(unfinished, runAs.owner.uid, runAs.owner.gid);
  const output: string[] = [];
  const options = ['-D', unfinished, '-U', SUPERUSER, '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const tuning = ['--auth=trust', '--no-instructions', '-c', 'shared_buffers=64MB', '-c', 'max_connections=60', '-c', 'timezone=UTC'];
  const code = await runWatched([...runAs.prefix, binaries.initdb, ...options, ...tuning], env, (line) => output.push(line)).exited;
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${output.slice(-5).join(' / ')}`);
  // Only the socket's folder lets anybody in, and it is 0700.
  writeFileSync(join(unfinished, 'pg_hba.conf'), 'local all all trust\n');
  renameSync(unfinished, cluster);
  syncFolder(dataDir);
}

/** A folder that came from another user, or from a machine with other rights, is given to the user who runs it now; nothing outside of it. */
export function giveCluster(cluster: string, { owner }: RunAs): void {
  if (owner === null || statSync(join(cluster, 'PG_VERSION')).uid === owner.uid) return;
  // PG_VERSION last: a cut-off run is repeated.
  const inside = readdirSync(cluster, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'PG_VERSION');
  for (const name of ['', ...inside, 'PG_VERSION']) lchownSync(join(cluster, name), owner.uid, owner.gid);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
