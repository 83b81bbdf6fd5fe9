// Where the unix socket is: in the cluster's folder (0700), or, when that path is too long for a socket's address, in a short private one.
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunAs } from './unprivileged.ts';

/** sockaddr_un holds 104 (macOS) or 108 (Linux) bytes with the end mark. */
const MAX_ADDRESS_BYTES = 100;
const SOCKET_NAME = '/.s.PGSQL.5432.lock';

export interface SocketFolder {
  readonly path: string;
  remove(): void;
}

export function makeSocketFolder(dataDir: string, cluster: string, runAs: RunAs): SocketFolder {
  const note = join(dataDir, 'socket-folder');
  removeNoted(note);
  if (Buffer.byteLength(cluster + SOCKET_NAME) <= MAX_ADDRESS_BYTES) return { path: cluster, remove: () => undefined };
  const base = Buffer.byteLength(tmpdir()) <= 60 ? tmpdir() : '/tmp';
  const path = mkdtempSync(join(base, 'parley-pg-'));
  // Noted before use: after kill -9 the next start removes it.
  writeFileSync(note, path);
  if (runAs.owner !== null) chownSync(path, runAs.owner.uid, runAs.owner.gid);
  return { path, remove: () => removeNoted(note) };
}

function removeNoted(note: string): void {
  try {
    const path = readFileSync(note, 'utf8');
    if (/\/parley-pg-[^/]+$/.test(path)) rmSync(path, { recursive: true, force: true });
    rmSync(note, { force: true });
  } catch {
    // No note: the last life used the cluster's own folder.
  }
}
