// Rooms: the authority on which rooms exist, who is in them, roles and invitations. It holds no message.
import { fileURLToPath } from 'node:url';

export { createRooms, type RoomsDeps } from './service.ts';

/** Absolute path of the migrations of this service's database. */
export const migrationsFolder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
