// Where a database is. Structurally the same as runtime's PgConnection: adapters do not import the runtime.

export interface PgConnection {
  /** A host name, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
}
