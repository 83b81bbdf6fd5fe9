// A person's data is erased by one call of each service, in the order rooms, messages, media, notifications (accounts leads).
// Every call may come again, after a crash of either side: it does what is left to do and says whether all is done.
import * as z from 'zod/mini';
import { Id } from '../ids.ts';
import { contract } from './contract.ts';

const request = z.object({ user: Id, /** the saga's id: the same for every repeat */ saga: Id });
/** `done: false`: begun and going on; ask again. */
const response = z.object({ done: z.boolean() });

/** The person leaves every room; a room whose last owner they were gets the longest-serving admin, else member, as owner, else it is archived. */
export const eraseFromRooms = contract('rooms.erase', request, response, { idempotent: true });
/** Every message of the person is redacted by commands through the log, then their user state is dropped. */
export const eraseFromMessages = contract('messages.erase', request, response, { idempotent: true });
/** Files of the person and their thumbnails are deleted. */
export const eraseFromMedia = contract('media.erase', request, response, { idempotent: true });
/** Subscriptions, rules, webhooks and waiting notifications of the person are dropped. */
export const eraseFromNotifications = contract('notifications.erase', request, response, { idempotent: true });
