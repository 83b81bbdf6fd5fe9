// Asks messages for users' state and rights: questions of up to 50 ms, or enough of them, travel in one call, so that a thousand sockets that come
// back together cost sixteen calls and not a thousand.
import type { Clock, Timer } from '@parley/ports';
import { type RequestOf, type ResponseOf, syncUsers } from '@parley/protocol';
import type { InternalClient } from '@parley/runtime';

export type SyncItem = RequestOf<typeof syncUsers>['items'][number];
export type SyncAnswer = ResponseOf<typeof syncUsers>['items'][number] & { readonly epoch: string };

const ITEMS_MAX = 500;
/** So many are a call that is worth it: they do not wait any longer. */
const ITEMS_ENOUGH = 64;

interface Asker {
  readonly item: SyncItem;
  readonly resolve: (answer: SyncAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export interface Sync {
  /** The user's changed keys and rights, read after this call began. Throws what messages answered, or `unavailable`. */
  ask(item: SyncItem): Promise<SyncAnswer>;
}

/** The first question after a quiet time goes at once; those after it are collected for `windowMs`, or until they are enough. */
export function createSync(deps: { internal: InternalClient; clock: Clock; windowMs: number; onEpoch: (epoch: string) => void }): Sync {
  let waiting: Asker[] = [];
  let scheduled: Timer | 'soon' | null = null;
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
    if (scheduled !== null && scheduled !== 'soon') scheduled.cancel();
    scheduled = null;
    lastAt = deps.clock.monotonic();
    const askers = waiting;
    waiting = [];
    for (let i = 0; i < askers.length; i += ITEMS_MAX) void send(askers.slice(i, i + ITEMS_MAX));
  };
  return {
    ask: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (scheduled !== null && scheduled !== 'soon' && waiting.length >= ITEMS_ENOUGH) flush();
        if (scheduled !== null || waiting.length === 0) return;
        const waitMs = lastAt + deps.windowMs - deps.clock.monotonic();
        scheduled = waitMs <= 0 ? 'soon' : deps.clock.after(waitMs, flush);
        if (scheduled === 'soon') queueMicrotask(flush);
      }),
  };
}
