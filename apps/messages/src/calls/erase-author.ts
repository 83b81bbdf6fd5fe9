// The erasure of an author: every message that still has text is taken back by a command through the log, like all that changes a room.
// Must never say done while anything of theirs could still be committed: their leaving a room stands behind their last message in its log.
import type { Clock, EventLog } from '@parley/ports';
import { LogUnavailable } from '@parley/ports';
import { encodeRecord, ParleyError, partitionOf, type RoomCommand, TOPICS } from '@parley/protocol';
import { idFrom } from '@parley/runtime';
import type { Store } from '../store/store.ts';

export interface EraseAuthorDeps {
  readonly store: Pick<Store, 'authored' | 'forgetUser'>;
  readonly log: EventLog;
  readonly clock: Clock;
}

/** Appended by one call. */
const AT_ONCE = 500;
const RETRY_AFTER_MS = 1_000;

/** One call of the erasure `saga`; false: there is more to do, or it is not known yet that there is nothing. Throws `unavailable`. */
export async function eraseAuthor({ store, log, clock }: EraseAuthorDeps, user: string, saga: string): Promise<boolean> {
  const { messages, active } = await store.authored(user, AT_ONCE);
  if (messages.length > 0) {
    try {
      const count = (await log.ends(TOPICS.roomCommand)).partitions.length;
      await log.append(
        TOPICS.roomCommand,
        messages.map(({ room, seq }) => {
          // The same message of the same erasure has one id: asked for again, it is answered and nothing more.
          const clientId = idFrom('parley:erase', saga, room, String(seq));
          const command: RoomCommand = { v: 1, type: 'message.erase', room, clientId, author: user, time: clock.now(), body: { target: seq } };
          return { partition: partitionOf(room, count), key: room, value: encodeRecord(command) };
        }),
      );
    } catch (cause) {
      if (!(cause instanceof LogUnavailable)) throw cause;
      throw new ParleyError('unavailable', 'The log does not take the erasure now.', { retryAfterMs: RETRY_AFTER_MS, cause });
    }
    return false;
  }
  if (active) return false;
  await store.forgetUser(user);
  return true;
}
