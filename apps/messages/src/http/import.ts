// Messages of another system, brought in by the owner of the installation. They are commands through the log like all others: a second
// writer beside it would break everything that the log promises.
import { type Clock, type EventLog, LogUnavailable } from '@parley/ports';
import { encodeRecord, Id, Imported, ImportMessages, ParleyError, partitionOf, type RoomCommand, TOPICS } from '@parley/protocol';
import { authenticate, type TokenVerifier, zodRoutes } from '@parley/runtime';
import * as z from 'zod/mini';
import type { Store } from '../store/store.ts';
import type { App } from './me.ts';

export interface ImportDeps {
  readonly store: Store;
  readonly verifier: TokenVerifier;
  readonly log: EventLog;
  readonly clock: Clock;
}

const WAIT_MS = 30_000;
const POLL_MS = 100;
const RETRY_AFTER_MS = 1_000;

export function routeImport(app: App, { store, verifier, log, clock }: ImportDeps): void {
  zodRoutes(app).post(
    '/api/rooms/:room/import',
    {
      onRequest: authenticate(verifier),
      schema: {
        tags: ['messages'],
        summary: 'Import messages of another system (owner of the installation)',
        params: z.object({ room: Id }),
        body: ImportMessages,
        response: { 200: Imported },
      },
    },
    async (request) => {
      if (request.caller.role !== 'owner') throw new ParleyError('forbidden', 'Only the owner of this installation may import.');
      const room = request.params.room;
      if ((await store.heads([room]))[room] === undefined) throw new ParleyError('not_found', 'There is no such room.');
      const commands = request.body.messages.map((message) => toCommand(room, message));
      await append(log, room, commands);
      return outcomeOf(store, clock, room, commands);
    },
  );
}

type ImportCommand = Extract<RoomCommand, { type: 'message.import' }>;

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
    if (cause instanceof LogUnavailable)
      throw new ParleyError('unavailable', 'The log did not take the import: send it again.', { retryAfterMs: RETRY_AFTER_MS, cause });
    throw cause;
  }
}

/** Waits for the results where they are durable, whichever worker makes them. */
async function outcomeOf(store: Store, clock: Clock, room: string, commands: readonly ImportCommand[]) {
  const asked = [...new Map(commands.map(({ author, clientId }) => [`${author}/${clientId}`, { author, clientId }])).values()];
  const deadline = clock.monotonic() + WAIT_MS;
  for (;;) {
    const results = await store.results(room, asked);
    if (results.length === asked.length || clock.monotonic() >= deadline) {
      const committed = results.filter((result) => result.status === 'committed').length;
      return { committed, rejected: results.length - committed, pending: asked.length - results.length };
    }
    await clock.sleep(POLL_MS);
  }
}
