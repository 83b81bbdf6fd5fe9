// Postgres, embedded or not, behind the ports. Exports are what apps/parley composes; services never import this.
export type { PgConnection } from './connection.ts';
export { PostgresNotBundled, postgresVersion } from './launcher/binaries.ts';
export { DataFolderInUse } from './launcher/data-folder-lock.ts';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, type PostgresExit, startEmbeddedPostgres } from './launcher/start-embedded-postgres.ts';
export { visitEmbeddedPostgres } from './launcher/visit-embedded-postgres.ts';
export { createPostgresEventLog, type PostgresEventLog, type PostgresEventLogOptions, type TopicOptions } from './log/create-event-log.ts';
export type { AdapterLogger } from './logger.ts';
export { ensureDatabase, MigrationRefused, migrate, withClient } from './migrate.ts';
export { type Provisioned, type Provisioning, type ProvisioningRun, provision } from './provision.ts';
export { createPostgresWorkQueue, type PostgresWorkQueue, type PostgresWorkQueueOptions } from './queue/create-work-queue.ts';
