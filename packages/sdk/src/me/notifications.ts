// How a person is told while they are away: plain calls, one HTTP request each.
import type { ChangePreferences, NotificationPreferences, NotificationRule, PushDevice } from '@parley/protocol';
import type { Http } from '../net/http.ts';

/** What `PushSubscription.toJSON()` answers in a browser. */
export interface PushSubscriptionJson {
  readonly endpoint?: string | undefined;
  readonly keys?: Readonly<Record<string, string>> | undefined;
}

export interface Notifications {
  /** The key for `pushManager.subscribe({ applicationServerKey })`. */
  pushKey(): Promise<string>;
  /** Pushes to this browser from now on. Again with the same subscription it is the same device. */
  subscribe(subscription: PushSubscriptionJson, label?: string): Promise<PushDevice>;
  unsubscribe(device: string): Promise<void>;
  devices(): Promise<readonly PushDevice[]>;
  preferences(): Promise<NotificationPreferences>;
  setPreferences(change: ChangePreferences): Promise<NotificationPreferences>;
  /** A letter with a link to confirm goes there; null: no address any more. */
  setAddress(address: string | null): Promise<NotificationPreferences>;
  /** null: no rule of one's own (all in a direct room, mentions elsewhere). */
  roomRule(room: string): Promise<NotificationRule | null>;
  setRoomRule(room: string, rule: NotificationRule | null): Promise<void>;
}

const BASE = '/api/notifications';

export const createNotifications = ({ http }: { readonly http: Http }): Notifications => ({
  pushKey: async () => (await http.open<{ publicKey: string }>(`${BASE}/vapid`)).publicKey,
  subscribe: ({ endpoint, keys }, label) =>
    http.call<PushDevice>(`${BASE}/devices`, { method: 'POST', body: { subscription: { endpoint, keys }, ...(label === undefined ? {} : { label }) } }),
  unsubscribe: async (device) => void (await http.call(`${BASE}/devices/${encodeURIComponent(device)}`, { method: 'DELETE' })),
  devices: async () => (await http.call<{ devices: readonly PushDevice[] }>(`${BASE}/devices`)).devices,
  preferences: () => http.call<NotificationPreferences>(`${BASE}/preferences`),
  setPreferences: (change) => http.call<NotificationPreferences>(`${BASE}/preferences`, { method: 'PUT', body: change }),
  setAddress: (address) => http.call<NotificationPreferences>(`${BASE}/address`, { method: 'PUT', body: { address } }),
  roomRule: async (room) => (await http.call<{ rule: NotificationRule | null }>(`/api/rooms/${encodeURIComponent(room)}/notifications`)).rule,
  setRoomRule: async (room, rule) => void (await http.call(`/api/rooms/${encodeURIComponent(room)}/notifications`, { method: 'PUT', body: { rule } })),
});
