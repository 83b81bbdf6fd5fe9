// What people may set: devices, preferences, their address, rules and webhooks of rooms. Who may is asked of messages at each call.
import type { Clock, Rng } from '@parley/ports';
import {
  type AccessClaims,
  type AddDevice,
  type ChangePreferences,
  type ChangeWebhook,
  findPeople,
  type MakeWebhook,
  type NotificationPreferences,
  ParleyError,
  type PushDevice,
  type RoomRule,
  readRight,
  type Webhook,
  type WebhookTried,
} from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';
import { checkAddress, type GuardedPost, RefusedAddress } from './channels/guarded-post.ts';
import { confirmLetter } from './channels/letters.ts';
import type { MailChannel } from './channels/mail.ts';
import { postWebhook } from './jobs/send-webhook.ts';
import type { Links } from './links.ts';
import type { DeviceRow, PeopleStore } from './store/store-people.ts';
import type { WebhookRow, WebhookStore } from './store/store-webhooks.ts';

export interface UseCasesDeps {
  readonly people: PeopleStore;
  readonly webhooks: WebhookStore;
  readonly internal: InternalClient;
  readonly mail: MailChannel | null;
  readonly post: GuardedPost;
  readonly links: () => Links;
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** One letter that asks for a confirmation a minute: nobody is to be flooded by giving their address. */
const ASK_AGAIN_MS = 60_000;
const WEBHOOKS_PER_ROOM = 10;

export type UseCases = ReturnType<typeof createUseCases>;

export const createUseCases = (deps: UseCasesDeps) => ({ ...createOwn(deps), ...createRoomCases(deps) });

const asDevice = ({ id, label, createdMs }: DeviceRow): PushDevice => ({ id, label, createdAt: createdMs });

const createOwn = ({ people, internal, mail, links, allowPrivate, clock, rng }: UseCasesDeps) => ({
  addDevice: async ({ sub: user, sid }: AccessClaims, { subscription, label }: AddDevice): Promise<PushDevice> => {
    checked(subscription.endpoint, allowPrivate);
    const { endpoint, keys } = subscription;
    const made = { id: rng.id(), userId: user, endpoint, ...keys, label: label ?? null, sessionId: sid, createdMs: clock.now() };
    return asDevice(await people.addDevice(made));
  },
  devices: async (user: string): Promise<readonly PushDevice[]> => (await people.devices(user)).map(asDevice),
  removeDevice: async (user: string, device: string): Promise<void> => {
    if (!(await people.removeDevice(device, { userId: user }))) throw new ParleyError('not_found', 'You have no such device.');
  },
  preferences: async (user: string): Promise<NotificationPreferences> => {
    const { askedMs: _, ...shown } = await people.preferences(user);
    return { ...shown, mailAvailable: mail !== null };
  },
  changePreferences: (user: string, change: ChangePreferences): Promise<void> => people.changePreferences(user, change),
  /** Throws slow_down, invalid where no mail is sent, unavailable when the mail server is away. */
  changeAddress: async (user: string, address: string | null): Promise<void> => {
    if (address === null) return people.setAddress(user, null, 0);
    if (mail === null) throw new ParleyError('invalid', 'This installation sends no mail.');
    const { askedMs } = await people.preferences(user);
    const waitMs = (askedMs ?? Number.NEGATIVE_INFINITY) + ASK_AGAIN_MS - clock.now();
    if (waitMs > 0) throw new ParleyError('slow_down', 'A letter was sent just now.', { retryAfterMs: waitMs });
    const found = await internal.call(findPeople, { ids: [user], handles: [] });
    await people.setAddress(user, address, clock.now());
    const letter = confirmLetter(found.people[0]?.name ?? 'Somebody', links().confirmUrl(user, address));
    const outcome = await mail.send({ id: rng.id(), to: address, unsubscribeUrl: null, ...letter }).catch((cause: unknown) => {
      throw new ParleyError('unavailable', 'The mail server does not answer.', { retryAfterMs: ASK_AGAIN_MS, cause });
    });
    if (outcome === 'refused') throw new ParleyError('invalid', 'The mail server does not take this address.');
  },
});

/** Refuses at once what would be refused when it is dialled. */
function checked(url: string, allowPrivate: boolean): void {
  try {
    const { protocol } = checkAddress(url, allowPrivate);
    if (protocol !== 'https:' && !allowPrivate) throw new RefusedAddress('Only https.');
  } catch (cause) {
    throw new ParleyError('invalid', `This address is refused: ${(cause as Error).message}`, { cause });
  }
}

const asWebhook = ({ id, url, events, createdBy, createdMs, disabled }: WebhookRow): Webhook => ({
  id,
  url,
  events,
  createdBy,
  createdAt: createdMs,
  disabled,
});

const createRoomCases = ({ people, webhooks, internal, post, allowPrivate, clock, rng }: UseCasesDeps) => {
  /** The caller's role in the room. Throws not_found. */
  const roleIn = async (user: string, room: string): Promise<string> => {
    const { right } = await internal.call(readRight, { user, room });
    if (right === null) throw new ParleyError('not_found', 'There is no such room.');
    return right.role;
  };
  const asAdmin = async (user: string, room: string): Promise<void> => {
    if ((await roleIn(user, room)) === 'member') throw new ParleyError('forbidden', 'Only admins and owners manage webhooks.');
  };
  const own = async (user: string, room: string, id: string): Promise<WebhookRow> => {
    await asAdmin(user, room);
    const webhook = await webhooks.find(id);
    if (webhook?.roomId !== room) throw new ParleyError('not_found', 'The room has no such webhook.');
    return webhook;
  };
  const made = (row: WebhookRow): { webhook: Webhook; secret: string } => ({ webhook: asWebhook(row), secret: row.secret });
  const newSecret = (): string => `whsec_${rng.secret(32)}`;

  return {
    rule: async (user: string, room: string): Promise<RoomRule> => {
      await roleIn(user, room);
      return { rule: await people.rule(user, room) };
    },
    setRule: async (user: string, room: string, { rule }: RoomRule): Promise<RoomRule> => {
      await roleIn(user, room);
      await people.setRule(user, room, rule);
      return { rule };
    },
    webhooks: async (user: string, room: string): Promise<readonly Webhook[]> => {
      await asAdmin(user, room);
      return (await webhooks.list(room)).map(asWebhook);
    },
    makeWebhook: async (user: string, room: string, { url, events }: MakeWebhook) => {
      await asAdmin(user, room);
      checked(url, allowPrivate);
      if ((await webhooks.list(room)).length >= WEBHOOKS_PER_ROOM)
        throw new ParleyError('too_large', 'The room has as many webhooks as it may.', { details: { webhooks: WEBHOOKS_PER_ROOM } });
      const row: WebhookRow = {
        id: rng.id(),
        roomId: room,
        url,
        secret: newSecret(),
        events: [...new Set(events)],
        createdBy: user,
        createdMs: clock.now(),
        disabled: null,
        failures: 0,
      };
      await webhooks.add(row);
      return made(row);
    },
    changeWebhook: async (user: string, room: string, id: string, change: ChangeWebhook): Promise<Webhook> => {
      await own(user, room, id);
      if (change.url !== undefined) checked(change.url, allowPrivate);
      await webhooks.change(id, change, user);
      return asWebhook(await own(user, room, id));
    },
    /** A new secret from now on; what is on its way is signed with it too. */
    renewSecret: async (user: string, room: string, id: string) => {
      const row = { ...(await own(user, room, id)), secret: newSecret() };
      await webhooks.setSecret(id, row.secret);
      return made(row);
    },
    removeWebhook: async (user: string, room: string, id: string): Promise<void> => {
      await own(user, room, id);
      await webhooks.remove(id);
    },
    tryWebhook: async (user: string, room: string, id: string): Promise<WebhookTried> => {
      const row = await own(user, room, id);
      const delivery = `${id}.test-${rng.id()}`;
      return postWebhook(row, delivery, 'test', JSON.stringify({ id: delivery, type: 'test', room }), post, clock);
    },
  };
};
