// HTTP bodies of notifications: devices, what a person wants to be told, and outgoing webhooks of rooms.
import * as z from 'zod/mini';
import { Id, line, TimeMs } from '../ids.ts';
import { ROOM_EVENT_TYPES } from '../room-events.ts';

const base64url = (chars: number) => z.string().check(z.regex(new RegExp(`^[A-Za-z0-9_-]{${chars}}=?$`), 'must be base64url'));
const WebAddress = z.string().check(
  z.maxLength(1_000),
  z.refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'must be an http or https address'),
  z.refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), 'must not hold a user or a password'),
);

/** GET /api/notifications/vapid: the key that a browser subscribes with. */
export const PushKey = z.object({ publicKey: z.string() });

/** POST /api/notifications/devices: what `PushSubscription.toJSON()` answers in a browser. The same endpoint again is the same device. */
export const AddDevice = z.strictObject({
  subscription: z.object({ endpoint: WebAddress, keys: z.object({ p256dh: base64url(87), auth: base64url(22) }) }),
  label: z.optional(line(100)),
});
export type AddDevice = z.infer<typeof AddDevice>;
export const PushDevice = z.object({ id: Id, label: z.nullable(z.string()), createdAt: TimeMs });
export type PushDevice = z.infer<typeof PushDevice>;
export const PushDevices = z.object({ devices: z.array(PushDevice) });

const TimeOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM'));
const isZone = (zone: string): boolean => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
/** Nobody is told anything between `from` and `to` by the clock of `zone` (an IANA name); it waits until the end. */
export const QuietHours = z.strictObject({
  from: TimeOfDay,
  to: TimeOfDay,
  zone: z.string().check(z.maxLength(60), z.refine(isZone, 'must be the name of a time zone')),
});
export type QuietHours = z.infer<typeof QuietHours>;

/** `address` gets mail only when `confirmed`. `mailAvailable`: this installation can send mail at all. */
export const NotificationPreferences = z.object({
  push: z.boolean(),
  mail: z.boolean(),
  quiet: z.nullable(QuietHours),
  address: z.nullable(z.string()),
  confirmed: z.boolean(),
  mailAvailable: z.boolean(),
});
export type NotificationPreferences = z.infer<typeof NotificationPreferences>;
/** PUT /api/notifications/preferences: what is not named stays. */
export const ChangePreferences = z.strictObject({
  push: z.optional(z.boolean()),
  mail: z.optional(z.boolean()),
  quiet: z.optional(z.nullable(QuietHours)),
});
export type ChangePreferences = z.infer<typeof ChangePreferences>;
/** PUT /api/notifications/address: a letter with a link goes there; null: no address. */
export const ChangeAddress = z.strictObject({
  address: z.nullable(
    z.string().check(z.maxLength(254), z.regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+\.[^\s@<>,;:"()[\]\\]+$/, 'must be a mail address')),
  ),
});

/** all: every message; mentions: messages that name me; none. Without a rule: all in a direct room, mentions elsewhere. */
export const NotificationRule = z.enum(['all', 'mentions', 'none']);
export type NotificationRule = z.infer<typeof NotificationRule>;
/** GET, PUT /api/rooms/:room/notifications. null: no rule of one's own. */
export const RoomRule = z.strictObject({ rule: z.nullable(NotificationRule) });
export type RoomRule = z.infer<typeof RoomRule>;

const WebhookEvents = z.array(z.enum(ROOM_EVENT_TYPES)).check(z.minLength(1), z.maxLength(ROOM_EVENT_TYPES.length));
/** POST /api/rooms/:room/webhooks (admins and owners): events of the room are posted to `url`. */
export const MakeWebhook = z.strictObject({ url: WebAddress, events: WebhookEvents });
export type MakeWebhook = z.infer<typeof MakeWebhook>;
/** PATCH: `enabled: true` tries again after it was switched off. */
export const ChangeWebhook = z.strictObject({ url: z.optional(WebAddress), events: z.optional(WebhookEvents), enabled: z.optional(z.boolean()) });
export type ChangeWebhook = z.infer<typeof ChangeWebhook>;
/** Why nothing is sent: by hand; its receiver failed too often; it answered 410; who made it is no admin of the room any more. */
export const WebhookDisabled = z.enum(['by_hand', 'failing', 'gone', 'maker_left']);
export type WebhookDisabled = z.infer<typeof WebhookDisabled>;
export const Webhook = z.object({
  id: Id,
  url: z.string(),
  events: z.array(z.string()),
  createdBy: Id,
  createdAt: TimeMs,
  disabled: z.nullable(WebhookDisabled),
});
export type Webhook = z.infer<typeof Webhook>;
export const Webhooks = z.object({ webhooks: z.array(Webhook) });
/** `secret` signs what is posted; it is shown here and never again. */
export const WebhookMade = z.object({ webhook: Webhook, secret: z.string() });
/** Answer of a test delivery: what the receiver said, or why it was not reached. */
export const WebhookTried = z.object({ delivered: z.boolean(), status: z.nullable(z.int()), reason: z.nullable(z.string()) });
export type WebhookTried = z.infer<typeof WebhookTried>;
