// Asks messages for users' state and rights: questions of up to 50 ms travel in one call, so that a thousand sockets that come back
// together cost twenty calls and not a thousand.
import type { Clock } from '@parley/ports';
import { type RequestOf, type ResponseOf, syncUsers } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';

export type SyncItem = RequestOf<typeof syncUsers>['items'][number];
export type SyncAnswer = ResponseOf<typeof syncUsers>['items'][number] & { readonly epoch: string };

const ITEMS_MAX = 500;

interface Asker {
  readonly item: SyncItem;
  readonly resolve: (answer: SyncAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export interface Sync {
  /** The user's changed keys and rights, read after this call began. Throws what messages answered, or `unavailable`. */
  ask(item: SyncItem): Promise<SyncAnswer>;
}

/** The first question after a quiet time goes at once; those after it are collected for `windowMs`. */
export function createSync(deps: { internal: InternalClient; clock: Clock; windowMs: number; onEpoch: (epoch: string) => void }): Sync {
  let waiting: Asker[] = [];
  let scheduled = false;
  let lastAt = Number.NEGATIVE_INFINITY;

  const send = async (askers: readonly Asker[]): Promise<void> => {
    try {
      const { epoch, items } = await deps.internal.call(syncUsers, { items: askers.map((asker) => asker.item) });
      deps.onEpoch(epoch);
      askers.forEach((asker, i) => {
        const item = items[i];
        if (item === undefined) asker.reject(new Error('messages answered fewer items than were asked.'));
        else asker.resolve({ ...item, epoch });
      });
    } catch (error) {
      for (const asker of askers) asker.reject(error);
    }
  };
  const flush = (): void => {
    scheduled = false;
    lastAt = deps.clock.monotonic();
    const askers = waiting;
    waiting = [];
    for (let i = 0; i < askers.length; i += ITEMS_MAX) void send(askers.slice(i, i + ITEMS_MAX));
  };
  return {
    ask: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        const waitMs = lastAt + deps.windowMs - deps.clock.monotonic();
        if (waitMs <= 0) queueMicrotask(flush);
        else deps.clock.after(waitMs, flush);
      }),
  };
}
