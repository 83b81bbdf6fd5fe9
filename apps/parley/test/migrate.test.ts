// `parley migrate` on a real Postgres that asks for passwords: services work as their own roles, and these roles can do nothing else.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccounts } from '@parley/accounts';
import { createMessages } from '@parley/messages';
import { systemClock as clock, systemRng as rng } from '@parley/ports';
import { createMemoryEventLog, createMemoryFeed } from '@parley/ports/memory';
import { type EmbeddedPostgres, type PgConnection, startEmbeddedPostgres, withClient } from '@parley/postgres';
import { readJwks, TOPICS } from '@parley/protocol';
import { createRooms } from '@parley/rooms';
import { createHttpApp, createInternalBus, createLogger, createRevocations, createVerifier } from '@parley/runtime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectionOf, urlOf } from '../src/migrate/database-url.ts';
import { type MigratedService, type MigrateOptions, runMigrate } from '../src/migrate/run-migrate.ts';
import { databaseServices } from '../src/migrate/service-databases.ts';

let folder: string;
let server: EmbeddedPostgres;
let admin: PgConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-migrate-'));
  server = await startEmbeddedPostgres({ dataDir: folder });
  admin = server.connection('postgres');
  writeFileSync(join(folder, 'pg', 'pg_hba.conf'), `local all ${admin.user} trust\nlocal all all scram-sha-256\n`);
  await query(admin, 'SELECT pg_reload_conf()');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const query = (connection: PgConnection, sql: string): Promise<Record<string, unknown>[]> =>
  withClient(connection, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** One installation of its own on the server. */
async function migrated(prefix: string, more: Partial<MigrateOptions> = {}): Promise<Map<string, MigratedService>> {
  const done = new Map<string, MigratedService>();
  const onService = (service: MigratedService): void => void done.set(service.service, service);
  await runMigrate({ adminUrl: urlOf(admin), passwords: {}, newPassword: () => rng.secret(24), envFolder: null, prefix, onService, ...more });
  return done;
}
const as = (services: Map<string, MigratedService>, service: string): PgConnection => connectionOf(services.get(service)?.url ?? '');
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('parley migrate', () => {
  it('gives each service what it needs to work: an account, its room, and what is said there', async () => {
    const services = await migrated('work_');
    const topics = Object.fromEntries(Object.values(TOPICS).map((topic) => [topic, { partitions: 1 }]));
    const log = createMemoryEventLog({ topics, clock });
    const lines: string[] = [];
    const logger = createLogger({ level: 'warn', stream: { write: (line) => lines.push(line) } });
    const bus = createInternalBus({ key: rng.secret(32), clock, rng });
    const revocations = createRevocations({ log, clock, logger });
    const verifier = createVerifier({ jwks: () => bus.clientFor('test').call(readJwks, {}), revocations, clock, issuer: 'test' });
    const shared = { log, clock, rng, logger, verifier };
    const config = { issuer: 'test', registration: 'open', setupCode: null } as const;
    const all = [
      createAccounts({ ...shared, database: as(services, 'accounts'), internal: bus.clientFor('accounts'), config }),
      createRooms({ ...shared, database: as(services, 'rooms'), internal: bus.clientFor('rooms') }),
      createMessages({ ...shared, database: as(services, 'messages'), feed: createMemoryFeed({ clock }), internal: bus.clientFor('messages') }),
    ];
    const app = createHttpApp({ logger, rng });
    for (const service of all) {
      bus.register(service.internal ?? []);
      await service.routes?.(app);
    }
    await revocations.start();
    for (const service of all) await service.start();
    onTestFinished(async () => {
      await app.close();
      for (const service of all.reverse()) await service.stop();
      await revocations.stop();
    });
    const registered = await app.inject({ method: 'POST', url: '/api/accounts/register', payload: { handle: 'ada', password: 'correct horse battery' } });
    expect(registered.statusCode).toBe(201);
    const headers = { authorization: `Bearer ${registered.json<{ accessToken: string }>().accessToken}` };
    const get = async (url: string): Promise<string> => (await app.inject({ url, headers })).body;
    await vi.waitFor(async () => expect(await get('/api/me/rooms')).toContain('welcome'), { timeout: 10_000 });
    // The room, its owner's coming and three words of welcome went through messages' own functions.
    const countOf = async (): Promise<unknown> => (await query({ ...admin, database: 'work_messages' }, 'SELECT count(*)::int AS n FROM event'))[0]?.n;
    await vi.waitFor(async () => expect(await countOf()).toBeGreaterThanOrEqual(5), { timeout: 10_000 });
    expect(lines.filter((line) => /denied|42501/.test(line))).toEqual([]);
  });

  it('lets no role into another’s database, and none make, drop or read what is not its own', async () => {
    const services = await migrated('wall_');
    for (const mine of databaseServices) {
      for (const other of databaseServices.filter((service) => service !== mine)) {
        const database = services.get(other)?.database ?? '';
        expect([mine, other, await codeOf(query({ ...as(services, mine), database }, 'SELECT 1'))]).toEqual([mine, other, '42501']);
      }
      const tried = async (sql: string): Promise<string> => codeOf(query(as(services, mine), sql));
      expect(await tried('SELECT 1')).toBe('done');
      for (const sql of [
        'CREATE TABLE mine (a int)',
        'CREATE TEMP TABLE mine (a int)',
        'CREATE SCHEMA mine',
        'CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1',
        'CREATE DATABASE mine',
        'CREATE ROLE mine',
        'SELECT * FROM _prisma_migrations',
        `SET ROLE wall_${mine}_owner`,
        'SELECT rolpassword FROM pg_authid',
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
      ]) {
        expect([mine, sql, await tried(sql)]).toEqual([mine, sql, '42501']);
      }
    }
    const [table] = await query(
      { ...admin, database: 'wall_rooms' },
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%' LIMIT 1",
    );
    for (const sql of [`DROP TABLE ${table?.tablename}`, `TRUNCATE ${table?.tablename}`, `ALTER TABLE ${table?.tablename} ADD COLUMN a int`]) {
      expect([sql, await codeOf(query(as(services, 'rooms'), sql))]).toEqual([sql, '42501']);
    }
  });

  it('asks for the role’s own password', async () => {
    const services = await migrated('pass_', { passwords: { rooms: 'given-by-the-operator' } });
    expect(as(services, 'rooms').password).toBe('given-by-the-operator');
    expect(await query(as(services, 'rooms'), 'SELECT current_user AS me')).toEqual([{ me: 'pass_rooms' }]);
    expect(await codeOf(query({ ...as(services, 'rooms'), password: 'not-this-one' }, 'SELECT 1'))).toBe('28P01');
    expect(await codeOf(query({ ...as(services, 'rooms'), user: 'pass_rooms_owner' }, 'SELECT 1'))).toMatch(/^28/);
  });

  it('changes nothing the second time, two at once included, and says which passwords it does not know', async () => {
    const first = await migrated('twice_');
    const dump = (): Promise<unknown> =>
      Promise.all(
        databaseServices.map((service) =>
          query(
            { ...admin, database: `twice_${service}` },
            `SELECT relname, relowner, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
             UNION ALL SELECT proname, proowner, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             UNION ALL SELECT datname, datdba, datacl::text FROM pg_database WHERE datname = current_database()
             UNION ALL SELECT nspname, nspowner, nspacl::text FROM pg_namespace WHERE nspname = 'public'
             UNION ALL SELECT rolname, oid, rolpassword FROM pg_authid WHERE rolname LIKE 'twice\\_%' ORDER BY 1, 2`,
          ),
        ),
      );
    const before = await dump();
    const again = await Promise.all([migrated('twice_'), migrated('twice_')]);
    expect(await dump()).toEqual(before);
    for (const services of again) {
      for (const service of services.values()) expect(service).toMatchObject({ madeDatabase: false, madeRole: false, applied: [], passwordKnown: false });
    }
    expect(await query(as(first, 'media'), 'SELECT current_user AS me')).toEqual([{ me: 'twice_media' }]);
  });

  it('makes everything once when two begin together', async () => {
    const both = await Promise.all([migrated('race_'), migrated('race_')]);
    for (const service of databaseServices) {
      expect(both.map((run) => run.get(service)?.madeRole).sort()).toEqual([false, true]);
      const winner = both.find((run) => run.get(service)?.madeRole === true) ?? new Map();
      expect(await query(as(winner, service), 'SELECT current_user AS me')).toEqual([{ me: `race_${service}` }]);
    }
  });

  it('works for an admin who is no superuser', async () => {
    await query(admin, "CREATE ROLE cloud_admin LOGIN PASSWORD 'cloud' CREATEDB CREATEROLE");
    const adminUrl = urlOf({ ...admin, user: 'cloud_admin', password: 'cloud' });
    await migrated('cloud_', { adminUrl });
    const services = await migrated('cloud_', { adminUrl, passwords: { media: 'another-password' } });
    expect(await query(as(services, 'media'), 'SELECT current_user AS me')).toEqual([{ me: 'cloud_media' }]);
  });

  it('keeps addresses in files that only their owner reads, and the passwords in them for ever', async () => {
    const envFolder = join(folder, 'env');
    const services = await migrated('file_', { envFolder });
    expect(readdirSync(envFolder).sort()).toEqual(databaseServices.map((service) => `${service}.env`).sort());
    const file = join(envFolder, 'rooms.env');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, `${readFileSync(file, 'utf8')}LOG_LEVEL=info\n`);
    expect(as(await migrated('file_', { envFolder }), 'rooms').password).toBe(as(services, 'rooms').password);
    const text = readFileSync(file, 'utf8');
    expect(text).toBe(`DATABASE_URL=${services.get('rooms')?.url}\nLOG_LEVEL=info\n`);
    expect(await query(connectionOf(/DATABASE_URL=(.*)/.exec(text)?.[1] ?? ''), 'SELECT current_user AS me')).toEqual([{ me: 'file_rooms' }]);
  });
});

describe('a database’s address', () => {
  it('is the same as URL and as connection, whatever is in it', () => {
    for (const host of ['db.example', '::1', '/run/a folder']) {
      const connection = { host, port: 5433, user: 'a b', password: 'p@ss/:?#%', database: 'one two' };
      expect(connectionOf(urlOf(connection))).toEqual(connection);
    }
    expect(() => connectionOf('mysql://root:secret@db/x')).toThrow(/^(?!.*secret)/);
  });
});
