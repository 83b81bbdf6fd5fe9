// Where the migrations of the adapters' own tables (log and jobs) are.
import { fileURLToPath } from 'node:url';

export const logMigrationsFolder = fileURLToPath(new URL('../migrations-log', import.meta.url));
