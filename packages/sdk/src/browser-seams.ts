// The one place that touches the real clock, timers, randomness, network events and other tabs. Everything else is given these,
// so that tests and the simulation can hand in their own. Works in browsers, React Native and Node.
import { v7 } from 'uuid';
import type { SdkClock } from './api.ts';

const KEEPS_ALIVE_MS = 60_000;

export const realClock: SdkClock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer: unknown = setTimeout(callback, ms);
    // Housekeeping far away must not keep a Node program alive; a wait before the next connection must, or a bot would end there.
    if (ms > KEEPS_ALIVE_MS) (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};

export const realRandom = (): number => Math.random();
export const realNewId = (): string => v7();

/** A traceparent that begins a trace. */
export function realNewTrace(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}

/** Calls back when the browser says that the network is there again. Answers its own undo; does nothing outside browsers. */
export function onNetworkBack(callback: () => void): () => void {
  const target = globalThis as { addEventListener?: typeof addEventListener; removeEventListener?: typeof removeEventListener };
  if (typeof target.addEventListener !== 'function' || typeof target.removeEventListener !== 'function') return () => {};
  target.addEventListener('online', callback);
  return () => target.removeEventListener?.('online', callback);
}

/** Runs `work` while no other tab (of the same origin) runs under that name; without Web Locks it just runs. */
export function withTabLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
  // Node has Web Locks too, but there one storage is one process' memory: the in-process lock is enough.
  if (locks === undefined || !isBrowser()) return work();
  return locks.request(name, work) as Promise<T>;
}

/** Word to and from other tabs of the same origin; silent where there are none. */
export function openTabChannel(name: string, heard: (message: unknown) => void): { say(message: unknown): void; close(): void } {
  if (!isBrowser() || typeof BroadcastChannel === 'undefined') return { say: () => {}, close: () => {} };
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: MessageEvent<unknown>) => heard(event.data);
  return { say: (message) => channel.postMessage(message), close: () => channel.close() };
}

export const isBrowser = (): boolean => typeof (globalThis as { window?: unknown }).window !== 'undefined' && typeof document !== 'undefined';
