// Where a service's database is. The shape that pg, Prisma's adapter and packages/postgres share.
export interface PgConnection {
  /** A host name, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
}
