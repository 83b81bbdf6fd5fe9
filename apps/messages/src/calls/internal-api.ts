// What the gateway and rooms ask of messages. Never clamped by a member here: the gateway holds the rights that `sync` answers.
import type { Clock, EventLog } from '@parley/ports';
import {
  type Contract,
  eraseFromMessages,
  importMessages,
  LIMITS,
  markRead,
  type RequestOf,
  type ResponseOf,
  readEvents,
  readHeads,
  readRight,
  readToTell,
  syncUsers,
} from '@parley/protocol';
import type { InternalHandler } from '@parley/runtime';
import type { Store, UserChanges, UserMark } from '../store/store.ts';
import { eraseAuthor } from './erase-author.ts';
import { bringMessages } from './import-messages.ts';
import { mergeCalls } from './merge-calls.ts';

export interface InternalApiDeps {
  readonly store: Store;
  readonly log: EventLog;
  readonly clock: Clock;
  epoch(): string;
  tellUsers(users: readonly UserChanges[]): Promise<void>;
}

/** One answer for all workers that ask within this time: heads only ever grow, and a late one is seen at the next comparison. */
const HEADS_CACHE_MS = 1_000;
/** Less than the contract's deadline. */
const IMPORT_WAIT_MS = 5_000;
/** One statement must stay well within the deadline also when each of its people asks for everything. */
const SYNC_ITEMS = 100;

const answer = <C extends Contract>(contract: C, handle: (request: RequestOf<C>) => Promise<ResponseOf<C>>): InternalHandler => ({
  contract,
  handle: handle as InternalHandler['handle'],
});

export function createInternalApi({ store, log, clock, epoch, tellUsers }: InternalApiDeps): readonly InternalHandler[] {
  const sync = mergeCalls({ run: (items: readonly { user: string; me: number | null }[]) => store.sync(items), max: SYNC_ITEMS });
  const headsSince = cached(clock, (since) => store.headsSince(since));
  return [
    answer(syncUsers, async ({ items }) => {
      const answers = items.length === 0 ? [] : await sync(items.map(({ user, me }) => ({ user, me })));
      return { epoch: epoch(), items: answers.map(({ me, rights }) => ({ me, rights: [...rights] })) };
    }),
    answer(readHeads, async ({ since, rooms }) => {
      const changed = await headsSince(since);
      const named = rooms.length === 0 ? {} : await store.heads(rooms);
      return { epoch: epoch(), positions: changed.positions, heads: { ...changed.heads, ...named } };
    }),
    answer(readEvents, async ({ room, after, limit }) => {
      const { head, events } = await store.events(room, after, Math.max(1, Math.min(limit, LIMITS.resumeEvents)));
      return { head, events: [...events] };
    }),
    answer(readToTell, async ({ items }) => ({ items: [...(await store.toTell(items))] })),
    answer(readRight, async ({ user, room }) => ({ right: await store.right(user, room) })),
    answer(eraseFromMessages, async ({ user, saga }) => ({ done: await eraseAuthor({ store, log, clock }, user, saga) })),
    answer(importMessages, ({ room, messages }) => bringMessages({ store, log, clock }, room, messages, IMPORT_WAIT_MS)),
    answer(markRead, async ({ marks }) => {
      const newest = newestMarks(marks.map(({ user, mark }) => ({ user, ...mark })));
      if (newest.length > 0) await tellUsers(await store.markRead(newest));
      return {};
    }),
  ];
}

/** One mark per user and room, the one with the greatest n, in the order in which stores lock users. */
export function newestMarks(marks: readonly UserMark[]): UserMark[] {
  const newest = new Map<string, UserMark>();
  for (const mark of marks) {
    const key = `${mark.user}/${mark.room}`;
    if ((newest.get(key)?.n ?? -1) < mark.n) newest.set(key, mark);
  }
  return [...newest.values()];
}

function cached<A>(clock: Clock, load: (since: Record<string, number>) => Promise<A>): (since: Record<string, number>) => Promise<A> {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<A> }>();
  return (since) => {
    const now = clock.monotonic();
    for (const [key, { at }] of kept) if (now - at > HEADS_CACHE_MS) kept.delete(key);
    const key = JSON.stringify(Object.entries(since).sort());
    const known = kept.get(key);
    if (known) return known.answer;
    const answered = load(since);
    kept.set(key, { at: now, answer: answered });
    answered.catch(() => kept.delete(key));
    return answered;
  };
}
