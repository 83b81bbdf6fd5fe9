// The whole program of a benchmark, a process of its own: `node serve.ts FOLDER JSON` starts Parley on the folder with the gateway's bounds
// that the JSON names, and answers its parent. Its Postgres counts statements, so that figures about queries are read and not derived.
import { type EmbeddedOptions, startEmbedded } from '@parley/cli';
import { startEmbeddedPostgres, visitEmbeddedPostgres, withClient } from '@parley/postgres';
import { createLogger } from '@parley/runtime';

/** Calls by database and the beginning of the statement, since the last question. */
export type Statements = Readonly<Record<string, number>>;

export type Ask = { readonly ask: 'statements' } | { readonly ask: 'delay' };
export type Said =
  | { readonly said: 'ready'; readonly url: string }
  | { readonly said: 'statements'; readonly calls: Statements }
  /** Event-loop delay since the last question, ms. */
  | { readonly said: 'delay'; readonly p99: number; readonly max: number };

const STATEMENT_CHARS = 160;

const [, , dataDir = '', json = '{}'] = process.argv;

/** Preloaded libraries need a start of their own: once before Parley's. */
async function countStatements(): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  await withClient(postgres.connection('postgres'), async (client) => {
    await client.query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
  });
  await postgres.stop();
}

const visit = <T>(work: (client: Parameters<Parameters<typeof withClient>[1]>[0]) => Promise<T>): Promise<T> =>
  visitEmbeddedPostgres(dataDir, (connection) => withClient(connection('postgres'), work));

const statements = (): Promise<Statements> =>
  visit(async (client) => {
    const { rows } = await client.query<{ query: string; calls: string }>(
      `SELECT d.datname || ': ' || left(regexp_replace(query, '\\s+', ' ', 'g'), ${STATEMENT_CHARS}) AS query, sum(calls)::text AS calls
         FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE toplevel AND d.datname <> 'postgres' GROUP BY 1`,
    );
    await client.query('SELECT pg_stat_statements_reset()');
    return Object.fromEntries(rows.map(({ query, calls }) => [query, Number(calls)]));
  });

const say = (what: Said): void => void process.send?.(what);

if (process.argv[1] === import.meta.filename) {
  const { monitorEventLoopDelay } = await import('node:perf_hooks');
  const delay = monitorEventLoopDelay({ resolution: 5 });
  await countStatements();
  const parley = await startEmbedded({
    dataDir,
    port: 0,
    host: '127.0.0.1',
    registration: undefined,
    origins: [],
    drainMs: 1_000,
    gateway: JSON.parse(json) as NonNullable<EmbeddedOptions['gateway']>,
    logger: createLogger({ level: 'error', pretty: false }),
  });
  await visit(async (client) => void (await client.query('CREATE EXTENSION pg_stat_statements')));
  delay.enable();
  process.on('message', (message: Ask) => {
    if (message.ask === 'statements') void statements().then((calls) => say({ said: 'statements', calls }));
    else {
      say({ said: 'delay', p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
      delay.reset();
    }
  });
  process.on('disconnect', () => void parley.stop().finally(() => process.exit(0)));
  process.on('SIGTERM', () => void parley.stop().finally(() => process.exit(0)));
  say({ said: 'ready', url: parley.url });
}
