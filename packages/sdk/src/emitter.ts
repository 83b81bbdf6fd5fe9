// The SDK's own events. A listener that throws is the app's mistake: it is reported apart, and the others are still told.
import type { ParleyEvents } from './api.ts';

type Listener = (payload: never) => void;

export interface Emitter {
  on<E extends keyof ParleyEvents>(event: E, listener: (payload: ParleyEvents[E]) => void): () => void;
  emit<E extends keyof ParleyEvents>(event: E, payload: ParleyEvents[E]): void;
  clear(): void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<keyof ParleyEvents, Set<Listener>>();
  return {
    on(event, listener) {
      const own: Listener = (payload) => listener(payload);
      let all = listeners.get(event);
      if (all === undefined) {
        all = new Set();
        listeners.set(event, all);
      }
      all.add(own);
      return () => void all.delete(own);
    },
    emit(event, payload) {
      for (const listener of [...(listeners.get(event) ?? [])]) {
        try {
          listener(payload as never);
        } catch (thrown) {
          // Thrown where the app's own error handling finds it, and not into the middle of applying an event.
          queueMicrotask(() => {
            throw thrown;
          });
        }
      }
    },
    clear: () => listeners.clear(),
  };
}
