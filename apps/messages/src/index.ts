// Messages: the event log of every room, its sequence and history, and people's own state.
import { fileURLToPath } from 'node:url';

export { createMessages, type MessagesDeps } from './service.ts';

/** Absolute path of the migrations of this service's database. */
export const migrationsFolder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
