// Which service has which database, roles and migrations. Read from where each service keeps its migrations; no service is loaded for it.
import { fileURLToPath } from 'node:url';

export interface ServiceDatabase {
  readonly service: string;
  readonly database: string;
  /** Owns the tables; nobody signs in as it. */
  readonly owner: string;
  readonly role: string;
  readonly migrations: string;
}

export const databaseServices = ['accounts', 'rooms', 'messages', 'notifications', 'media'] as const;
export type DatabaseService = (typeof databaseServices)[number];

/** In the order in which they are made. `prefix` keeps several installations on one server apart. */
export const serviceDatabases = (prefix = 'parley_'): readonly (ServiceDatabase & { readonly service: DatabaseService })[] =>
  databaseServices.map((service) => ({
    service,
    database: `${prefix}${service}`,
    owner: `${prefix}${service}_owner`,
    role: `${prefix}${service}`,
    migrations: fileURLToPath(new URL('../prisma/migrations', import.meta.resolve(`@parley/${service}`))),
  }));
