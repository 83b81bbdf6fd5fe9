// A process of its own for the launcher's tests: starts the Postgres of a folder, says so in one JSON line, then does what it was told.
// Usage: starter.ts <data folder> [insert]
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/index.ts';

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

async function insertForEver(client: pg.Client): Promise<void> {
  await client.query('CREATE TABLE IF NOT EXISTS row_kept (nr bigint PRIMARY KEY)');
  const { rows } = await client.query<{ last: string | null }>('SELECT max(nr) AS last FROM row_kept');
  for (let nr = Number(rows[0]?.last ?? 0) + 1; ; nr++) {
    await client.query('INSERT INTO row_kept VALUES ($1)', [nr]);
    say({ committed: nr });
  }
}

try {
  const [dataDir = '', mode] = process.argv.slice(2);
  const server = await startEmbeddedPostgres({ dataDir });
  const client = new pg.Client({ ...server.connection('postgres') });
  await client.connect();
  const { rows } = await client.query<{ dir: string }>("SELECT current_setting('data_directory') AS dir");
  say({ started: server.connection('postgres').host, dir: rows[0]?.dir, uid: process.getuid?.() });
  if (mode === 'insert') await insertForEver(client);
  setInterval(() => undefined, 60_000);
} catch (error) {
  say({ failed: (error as Error).name, message: (error as Error).message, pid: (error as { pid?: number }).pid });
  process.exitCode = 1;
}
