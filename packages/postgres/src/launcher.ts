// Pieces of the launcher for whoever runs the same Postgres in another way (infra/engines, over TCP). Services never import this.
export { findBinaries, type PostgresBinaries, PostgresNotBundled, postgresVersion } from './launcher/binaries.ts';
export { DataFolderInUse, type DataFolderLock, lockDataFolder } from './launcher/data-folder-lock.ts';
export { CLUSTER_FOLDER, giveCluster, makeCluster, SUPERUSER } from './launcher/make-cluster.ts';
export { stopOrphan } from './launcher/orphan.ts';
export { type RunAs, runAsUnprivileged } from './launcher/unprivileged.ts';
