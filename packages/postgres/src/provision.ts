// One database for one service, with least privilege: an owner role that nobody can sign in as and that owns every table, and the service's
// role, which may change rows and call functions there and nothing else. Never gives a service a way into another's database.
import pg from 'pg';
import type { PgConnection } from './connection.ts';
import { migrate, withClient } from './migrate.ts';
import { scramVerifier } from './scram.ts';

export interface Provisioning {
  readonly database: string;
  /** Owns the database and its tables; cannot sign in. */
  readonly owner: string;
  /** The service signs in as this one. */
  readonly role: string;
  /** Printable ASCII. null: as it is, and when the role is new the one of `newPassword`. */
  readonly password: string | null;
  readonly newPassword: () => string;
  readonly migrations: string;
}

export interface Provisioned {
  readonly madeDatabase: boolean;
  readonly madeRole: boolean;
  readonly applied: readonly string[];
  /** null: the role had one already, which only its holder knows. */
  readonly password: string | null;
}

export interface ProvisioningRun {
  provision(wanted: Provisioning): Promise<Provisioned>;
}

/** Any number; the same in every version, so that two runs wait for each other. */
const LOCK = 7_262_753_901;

/**
 * Runs `work` while no other run works on this server. `admin` may make databases and roles; it need not be a superuser. Everything done here
 * can be done again and then changes nothing.
 */
export async function provision<T>(admin: PgConnection, work: (run: ProvisioningRun) => Promise<T>): Promise<T> {
  return withClient(admin, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return work({ provision: (wanted) => provisionOne(admin, client, wanted) });
  });
}

const name = (text: string): string => pg.escapeIdentifier(text);

async function provisionOne(admin: PgConnection, client: pg.Client, wanted: Provisioning): Promise<Provisioned> {
  const { database, owner, migrations } = wanted;
  if (!(await roleExists(client, owner))) await client.query(`CREATE ROLE ${name(owner)} NOLOGIN NOCREATEDB NOCREATEROLE NOINHERIT`);
  // Who makes a role may administer it, which is not yet acting as it.
  if (!(await mayActAs(client, owner))) await client.query(`GRANT ${name(owner)} TO CURRENT_USER`);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${name(database)} OWNER ${name(owner)}`);
  await client.query(`REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC`);
  const inside = { ...admin, database };
  await withClient(inside, (there) => ownSchema(there, owner));
  const applied = await migrate(inside, migrations, owner);
  const role = await withClient(inside, (there) => letIn(there, wanted));
  return { madeDatabase: rowCount === 0, applied, ...role };
}

async function roleExists(client: pg.Client, role: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  return rowCount !== 0;
}

async function mayActAs(client: pg.Client, role: string): Promise<boolean> {
  // From Postgres 16 on membership and acting as somebody are two things.
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT pg_has_role(CURRENT_USER, $1, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS may`,
    [role],
  );
  return rows[0]?.may === true;
}

/** Before Postgres 15 everybody could make tables in a database's public schema. */
async function ownSchema(client: pg.Client, owner: string): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>("SELECT has_schema_privilege($1, 'public', 'CREATE') AS may", [owner]);
  if (rows[0]?.may !== true) await client.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${name(owner)}`);
  await client.query(`SET ROLE ${name(owner)}; REVOKE ALL ON SCHEMA public FROM PUBLIC`);
}

/**
 * The role with its password and its rights on what is there now (so after every migration), all at once: a role without the password
 * that was told would lock its service out. The record of the migrations is the owner's alone.
 */
async function letIn(client: pg.Client, { database, owner, role, ...wanted }: Provisioning): Promise<Pick<Provisioned, 'madeRole' | 'password'>> {
  const to = name(role);
  await client.query('BEGIN');
  const madeRole = !(await roleExists(client, role));
  const password = wanted.password ?? (madeRole ? wanted.newPassword() : null);
  if (madeRole) await client.query(`CREATE ROLE ${to} LOGIN NOCREATEDB NOCREATEROLE NOINHERIT`);
  if (password !== null) await client.query(`ALTER ROLE ${to} PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`);
  await client.query(`SET LOCAL ROLE ${name(owner)};
    GRANT CONNECT ON DATABASE ${name(database)} TO ${to};
    GRANT USAGE ON SCHEMA public TO ${to};
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, ${to};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${to};
    REVOKE ALL ON _prisma_migrations FROM ${to};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${to};
    REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC;
    GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO ${to}`);
  await client.query('COMMIT');
  return { madeRole, password };
}
