// The Postgres of a data folder for a short visit: the one that runs there already, else one that is started for it and stopped after it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PgConnection } from '../connection.ts';
import { DataFolderInUse } from './data-folder-lock.ts';
import { CLUSTER_FOLDER, SUPERUSER } from './make-cluster.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

/** In postmaster.pid, from 0. */
const PORT_LINE = 3;
const SOCKET_LINE = 4;

/** Throws DataFolderInUse when somebody holds the folder and no Postgres runs there (yet, or any more). */
export async function visitEmbeddedPostgres<T>(dataDir: string, visit: (connection: (database: string) => PgConnection) => Promise<T>): Promise<T> {
  try {
    const own = await startEmbeddedPostgres({ dataDir });
    try {
      return await visit(own.connection);
    } finally {
      await own.stop();
    }
  } catch (error) {
    const running = error instanceof DataFolderInUse ? socketOf(join(dataDir, CLUSTER_FOLDER)) : null;
    if (running === null) throw error;
    return visit((database) => ({ ...running, user: SUPERUSER, database }));
  }
}

function socketOf(cluster: string): Pick<PgConnection, 'host' | 'port'> | null {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    const host = lines[SOCKET_LINE] ?? '';
    return host.startsWith('/') ? { host, port: Number(lines[PORT_LINE]) } : null;
  } catch {
    return null;
  }
}
