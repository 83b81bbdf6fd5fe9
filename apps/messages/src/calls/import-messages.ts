// Messages of another system as commands through the log: a second writer beside it would break everything that the log promises.
import { type Clock, type EventLog, LogUnavailable } from '@parley/ports';
import { encodeRecord, type Imported, type ImportMessages, ParleyError, partitionOf, type RoomCommand, TOPICS } from '@parley/protocol';
import type * as z from 'zod/mini';
import type { Store } from '../store/store.ts';

export interface ImportMessagesDeps {
  readonly store: Pick<Store, 'heads' | 'results'>;
  readonly log: EventLog;
  readonly clock: Clock;
}

const POLL_MS = 100;
const RETRY_AFTER_MS = 1_000;

type ImportCommand = Extract<RoomCommand, { type: 'message.import' }>;
type Outcome = z.infer<typeof Imported>;

/**
 * Appends those that have no result yet, and waits for all results for at most `waitMs`. Throws ParleyError: not_found (the room),
 * unavailable (the log; what was taken is answered the next time).
 */
export async function bringMessages(deps: ImportMessagesDeps, room: string, messages: ImportMessages['messages'], waitMs: number): Promise<Outcome> {
  const { store, log, clock } = deps;
  if ((await store.heads([room]))[room] === undefined) throw new ParleyError('not_found', 'There is no such room.');
  const commands = messages.map((message) => toCommand(room, message));
  const before = await outcomeOf(store, room, commands);
  if (before.pending === 0) return before;
  // Those that have a result are answered with it once more: finding out which would cost more than deciding them again.
  await append(log, room, commands);
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const outcome = await outcomeOf(store, room, commands);
    if (outcome.pending === 0 || clock.monotonic() >= deadline) return outcome;
    await clock.sleep(POLL_MS);
  }
}

const toCommand = (room: string, { clientId, author, time, text, replyTo, attachments }: ImportMessages['messages'][number]): ImportCommand => ({
  v: 1,
  type: 'message.import',
  room,
  author,
  clientId,
  time,
  body: { text, replyTo: replyTo ?? null, ...(attachments === undefined ? {} : { attachments }) },
});

async function append(log: EventLog, room: string, commands: readonly ImportCommand[]): Promise<void> {
  try {
    const { partitions } = await log.ends(TOPICS.roomCommand);
    const partition = partitionOf(room, partitions.length);
    await log.append(
      TOPICS.roomCommand,
      commands.map((command) => ({ partition, key: room, value: encodeRecord(command) })),
    );
  } catch (cause) {
    if (!(cause instanceof LogUnavailable)) throw cause;
    throw new ParleyError('unavailable', 'The log did not take the import: send it again.', { retryAfterMs: RETRY_AFTER_MS, cause });
  }
}

/** Results as they are durable, whichever worker made them. */
async function outcomeOf(store: Pick<Store, 'results'>, room: string, commands: readonly ImportCommand[]): Promise<Outcome> {
  const asked = [...new Map(commands.map(({ author, clientId }) => [`${author}/${clientId}`, { author, clientId }])).values()];
  const results = await store.results(room, asked);
  const committed = results.filter((result) => result.status === 'committed').length;
  return { committed, rejected: results.length - committed, pending: asked.length - results.length };
}
