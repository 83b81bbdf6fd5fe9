// Push on this browser: its service worker, its permission, its subscription. The server is told of each; nothing is asked without a click.
import type { Parley } from '../model/shapes.ts';
import { deviceName } from './device-name.ts';
import { go, placeOf } from './router.ts';

/** absent: this browser or this address (no https) cannot. denied: the person said no to the browser. */
export type PushHere = 'absent' | 'denied' | 'off' | 'on';

const WORKER = '/sw.js';
const able = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration('/');
  return (await registration?.pushManager.getSubscription()) ?? null;
}

export async function pushHere(): Promise<PushHere> {
  if (!able()) return 'absent';
  if (Notification.permission === 'denied') return 'denied';
  return (await subscription()) === null ? 'off' : 'on';
}

/** Which of my devices this browser is; remembered because the server does not show endpoints. */
const DEVICE_KEY = 'parley.push-device';

async function tell(parley: Parley, subscribed: PushSubscription): Promise<void> {
  const { id } = await parley.notifications.subscribe(
    subscribed.toJSON() as { endpoint: string; keys: Record<string, string> },
    deviceName(navigator.userAgent),
  );
  localStorage.setItem(DEVICE_KEY, id);
}

/** Asks the person and subscribes. Call it from a click. */
export async function turnPushOn(parley: Parley): Promise<PushHere> {
  if ((await Notification.requestPermission()) !== 'granted') return pushHere();
  await navigator.serviceWorker.register(WORKER);
  const registration = await navigator.serviceWorker.ready;
  const applicationServerKey = await parley.notifications.pushKey();
  await tell(parley, await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  return 'on';
}

/** Also at sign-out: who comes next in this browser must not see my messages. */
export async function turnPushOff(parley: Parley): Promise<PushHere> {
  if (!able()) return 'absent';
  const device = localStorage.getItem(DEVICE_KEY);
  localStorage.removeItem(DEVICE_KEY);
  await (await subscription())?.unsubscribe();
  // The push service says "gone" to the next push, should this not arrive.
  if (device !== null) await parley.notifications.unsubscribe(device).catch(() => {});
  return pushHere();
}

/** At each start: browsers renew subscriptions, and this one belongs to whoever is signed in now. */
export async function keepPush(parley: Parley): Promise<void> {
  const subscribed = able() ? await subscription() : null;
  if (subscribed !== null) await tell(parley, subscribed);
}

/** A click on a notification opens its message in this page. Answers its own undo. */
export function followNotifications(): () => void {
  if (!('serviceWorker' in navigator)) return () => {};
  const follow = ({ data }: MessageEvent<{ open?: unknown }>): void => {
    if (typeof data?.open === 'string' && placeOf(data.open).at === 'room') go(data.open);
  };
  navigator.serviceWorker.addEventListener('message', follow);
  return () => navigator.serviceWorker.removeEventListener('message', follow);
}
