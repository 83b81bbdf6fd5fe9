// Notifications: who must be told of a message while they are away, and telling them once, by push, mail and webhooks of rooms.
import { fileURLToPath } from 'node:url';

export { createNotifications, type NotificationsConfig, type NotificationsDeps } from './service.ts';

/** Absolute path of the migrations of this service's database. */
export const migrationsFolder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
