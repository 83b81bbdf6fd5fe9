// Makes or brings up to date what a cluster keeps its data in: a database, an owner and a role for each service. Safe to repeat and to run
// twice at once. Nothing is ever dropped.
import { provision } from '@parley/postgres';
import { connectionOf, urlOf } from './database-url.ts';
import { passwordInFile, writeEnvFile } from './env-files.ts';
import { serviceDatabases } from './service-databases.ts';

export interface MigrateOptions {
  readonly adminUrl: string;
  /** By service; a role whose password is neither here nor in a file keeps its own, a new one gets a made one. */
  readonly passwords: Readonly<Record<string, string | undefined>>;
  readonly newPassword: () => string;
  /** Where `<service>.env` is kept; null: nowhere. */
  readonly envFolder: string | null;
  readonly prefix?: string;
  /** After each service: what was made is known although a later one fails. */
  readonly onService: (done: MigratedService) => void;
}

export interface MigratedService {
  readonly service: string;
  readonly database: string;
  readonly role: string;
  readonly madeDatabase: boolean;
  readonly madeRole: boolean;
  readonly applied: readonly string[];
  /** Without a password when the role has one that is not known here. */
  readonly url: string;
  readonly passwordKnown: boolean;
  readonly file: string | null;
}

export async function runMigrate(options: MigrateOptions): Promise<void> {
  const { passwords, newPassword, envFolder, onService } = options;
  const admin = connectionOf(options.adminUrl);
  const { host, port } = admin;
  await provision(admin, async (run) => {
    for (const { service, database, owner, role, migrations } of serviceDatabases(options.prefix)) {
      let password = passwords[service] ?? null;
      let file: string | null = null;
      if (envFolder !== null) {
        // The file first: a password that was set and then forgotten would lock the service out.
        password ??= (await passwordInFile(envFolder, service)) ?? newPassword();
        file = await writeEnvFile(envFolder, service, urlOf({ host, port, user: role, password, database }));
      }
      const made = await run.provision({ database, owner, role, password, newPassword, migrations });
      const known = made.password === null ? {} : { password: made.password };
      const url = urlOf({ host, port, user: role, database, ...known });
      const { madeDatabase, madeRole, applied } = made;
      onService({ service, database, role, madeDatabase, madeRole, applied, url, passwordKnown: made.password !== null, file });
    }
  });
}
