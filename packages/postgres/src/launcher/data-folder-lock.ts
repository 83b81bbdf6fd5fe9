// One process per data folder. The lock is a kernel lock (fcntl, taken through SQLite, which Node carries): it ends with its process whatever
// killed it, so there is no stale lock, no race to take one over and no mistaken process id. The `owner` file only says who holds it.
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another living process works on this data folder. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
  readonly folder: string;
  /** The process that holds it; null when it did not say. */
  readonly pid: number | null;

  constructor(folder: string, pid: number | null) {
    super(`The data folder ${folder} is in use${pid === null ? '' : ` by process ${pid}`}. Stop that process, or choose another folder.`);
    this.folder = folder;
    this.pid = pid;
  }
}

export interface DataFolderLock {
  /** Idempotent. */
  release(): void;
}

const SQLITE_BUSY = 5;

/** Takes the folder for this process. Throws DataFolderInUse. */
export function lockDataFolder(folder: string): DataFolderLock {
  const ownerFile = join(folder, 'owner');
  const database = openLock(folder);
  try {
    // Nothing is ever written: no journal beside it.
    database.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new DataFolderInUse(folder, readOwner(ownerFile));
    throw error;
  }
  writeFileSync(ownerFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => database.isOpen && database.close() };
}

/** SQLite says no more than "unable to open": the folder itself says why. */
function openLock(folder: string): DatabaseSync {
  accessSync(folder, constants.W_OK | constants.X_OK);
  return new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
}

function readOwner(file: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
