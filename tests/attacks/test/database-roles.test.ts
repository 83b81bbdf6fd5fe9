// The closed world of databases: every service's role, as `parley migrate` makes it, tries every database of the server and whatever would
// give it more. Each gets into its own, and nowhere else. The server asks for passwords, over TCP, as a cluster's does.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { missing } from '@parley/engines';
import { ownPostgres } from '@parley/engines/testing';
import { type PgConnection, withClient } from '@parley/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Migrated {
  readonly service: string;
  readonly database: string;
  readonly url: string;
}

const CLI = fileURLToPath(new URL('cli.ts', import.meta.resolve('@parley/cli')));
const without = missing('postgres');

const connectionOf = (url: string): PgConnection => {
  const { hostname, port, username, password, pathname } = new URL(url);
  return { host: hostname, port: Number(port), user: username, password: decodeURIComponent(password), database: pathname.slice(1) };
};
const attempt = (connection: PgConnection, sql = 'SELECT 1'): Promise<string> =>
  withClient(connection, (client) => client.query(sql)).then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe.skipIf(without !== null)(`database roles${without === null ? '' : ` (left out: ${without})`}`, () => {
  let engine: Awaited<ReturnType<typeof ownPostgres>>;
  let services: readonly Migrated[];
  beforeAll(async () => {
    engine = await ownPostgres();
    const env = { PATH: process.env.PATH ?? '', DATABASE_ADMIN_URL: engine.url };
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'migrate', '--json'], { env });
    services = (JSON.parse(stdout) as { services: Migrated[] }).services;
  });
  afterAll(() => engine?.stop());

  it('open to each service its own database and none of the others', async () => {
    expect(services.map(({ service }) => service)).toEqual(['accounts', 'rooms', 'messages', 'notifications', 'media']);
    for (const mine of services) {
      for (const other of services) {
        const tried = await attempt({ ...connectionOf(mine.url), database: other.database });
        expect([mine.service, other.service, tried]).toEqual([mine.service, other.service, mine === other ? 'done' : '42501']);
      }
    }
  });

  it('are nobody’s without their password, and no owner signs in at all', async () => {
    for (const { url, service } of services) {
      const { password, ...anonymous } = connectionOf(url);
      const other = connectionOf(services.find((one) => one.service !== service)?.url ?? '');
      for (const guess of [undefined, '', service, `parley_${service}`, other.password]) {
        expect([service, guess, await attempt({ ...anonymous, ...(guess !== undefined && { password: guess }) })]).not.toContain('done');
      }
      expect(await attempt({ ...anonymous, user: `parley_${service}_owner`, password: password ?? '' })).toBe('28P01');
    }
  });

  it('cannot become more than they are, nor see, make or destroy what they must not', async () => {
    for (const { url, service } of services) {
      for (const sql of [
        `SET ROLE parley_${service}_owner`,
        `SET ROLE ${connectionOf(engine.url).user}`,
        `ALTER ROLE parley_${service} SUPERUSER`,
        `ALTER ROLE parley_${service === 'rooms' ? 'media' : 'rooms'} PASSWORD 'mine'`,
        `GRANT parley_rooms_owner TO parley_${service}`,
        `DROP DATABASE parley_${service === 'rooms' ? 'media' : 'rooms'}`,
        `ALTER DATABASE parley_${service} OWNER TO parley_${service}`,
        'CREATE TABLE mine (a int)',
        'CREATE EXTENSION dblink',
        'CREATE FUNCTION f() RETURNS void LANGUAGE c AS $$mine$$',
        'DELETE FROM _prisma_migrations',
        'SELECT * FROM pg_shadow',
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "ALTER SYSTEM SET log_statement = 'all'",
        'CHECKPOINT',
      ]) {
        const tried = await attempt(connectionOf(url), sql);
        // 42501: not allowed. 0A000: this server has no such extension to begin with.
        expect([service, sql, tried]).toEqual([service, sql, expect.stringMatching(/^(42501|0A000)$/)]);
      }
    }
  });
});
