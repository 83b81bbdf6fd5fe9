// An import, step by step: the room, its parts in order, and then what was sent is dropped. When a part cannot be, the room is archived
// again: it was not whole, and nobody should take it for so. Every step can come again: the room's id follows from the import's.
import { bringPeople, type ImportPart, importMessages, ParleyError } from '@parley/protocol';
import { type InternalClient, idFrom, type Saga, type SagaKind, type SagaStep, type StepOutcome } from '@parley/runtime';
import { createRoom } from '../changes/create-room.ts';
import type { Decide } from '../changes/room-view.ts';
import type { RoomStore } from '../store/store.ts';
import type { ImportRow, ImportStore } from '../store/store-imports.ts';

export const IMPORT = 'room.import';
export const IMPORT_FIRST_STEP = 'room';
export const IMPORT_DEADLINE_MS = 60 * 60_000;

export interface ImportSagaDeps {
  readonly imports: ImportStore;
  readonly rooms: RoomStore;
  readonly internal: InternalClient;
  readonly now: () => number;
  /** Something went to the outbox. */
  readonly onChange: () => void;
}

export const roomOfImport = (id: string): string => idFrom('parley:import', id);

interface Progress {
  readonly parts: number;
  readonly next: number;
  readonly messages: number;
}
const progressOf = (saga: Saga): Progress => saga.data as unknown as Progress;

export const importSaga = (deps: ImportSagaDeps): SagaKind => ({
  kind: IMPORT,
  steps: [
    roomStep(deps),
    partsStep(deps),
    {
      name: 'drop',
      async run(saga) {
        await deps.imports.drop(saga.id);
        return { status: 'done' };
      },
    },
  ],
});

/** What was sent and can only be wrong again; everything else may pass and is tried again. */
const HOPELESS = new Set(['invalid', 'too_large', 'handle_taken']);

const archive: Decide = (room) => (room.archived ? [] : [{ type: 'room.archived', body: {} }]);

function roomStep({ imports, rooms, now, onChange }: ImportSagaDeps): SagaStep {
  return {
    name: IMPORT_FIRST_STEP,
    async run(saga) {
      const row = await imports.read(saga.id);
      if (row === null) return { status: 'impossible', reason: 'what was sent is gone' };
      const { name, topic, visibility = 'public', history } = row.spec;
      const room = roomOfImport(saga.id);
      const spec = { kind: 'channel' as const, name, visibility, ...(topic === undefined ? {} : { topic }), ...(history === undefined ? {} : { history }) };
      await rooms.create(room, row.owner, createRoom({ ...spec, members: [] }, row.owner), now());
      onChange();
      return { status: 'done', data: { room } };
    },
    async undo(saga) {
      try {
        const room = roomOfImport(saga.id);
        const owner = (await imports.read(saga.id))?.owner ?? room;
        await rooms.change(room, owner, [], archive, now());
        onChange();
      } catch (error) {
        // It was never made.
        if (!(error instanceof ParleyError && error.code === 'not_found')) throw error;
      }
      await imports.drop(saga.id);
    },
  };
}

/** One part a time: after each the saga is saved, so that nothing is done twice but the part in hand. */
function partsStep(deps: ImportSagaDeps): SagaStep {
  return {
    name: 'parts',
    async run(saga) {
      const { parts, next, messages } = progressOf(saga);
      const row = await deps.imports.read(saga.id);
      const part = await deps.imports.readPart(saga.id, next);
      if (row === null || part === null) return { status: 'impossible', reason: `part ${next} is gone` };
      const done = await hopeless(next, () => bringPart(deps, saga, row, part));
      if (typeof done !== 'number') return done;
      const progress: Progress = { parts, next: next + 1, messages: messages + done };
      return next + 1 === parts ? { status: 'done', data: { ...progress } } : { status: 'again', data: { ...progress } };
    },
  };
}

async function hopeless(n: number, work: () => Promise<number | StepOutcome>): Promise<number | StepOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ParleyError && HOPELESS.has(error.code)) return { status: 'impossible', reason: `part ${n}: ${error.code}` };
    throw error;
  }
}

/** How many messages it brought. */
async function bringPart({ internal, rooms, now, onChange }: ImportSagaDeps, saga: Saga, row: ImportRow, part: ImportPart): Promise<number | StepOutcome> {
  if ('people' in part) {
    await internal.call(bringPeople, part);
    return 0;
  }
  const room = roomOfImport(saga.id);
  const ids = await authorsOf(internal, part.messages);
  if (row.spec.join !== false) {
    const people = [...new Set(ids.values())];
    await rooms.change(room, row.owner, people, joinAll(people), now());
    onChange();
  }
  const idOf = (ref: { author: string; clientId: string }) => ({ author: ids.get(ref.author) as string, clientId: ref.clientId });
  const messages = part.messages.map(({ author, clientId, time, text, replyTo }) => ({
    ...idOf({ author, clientId }),
    time,
    text,
    replyTo: replyTo && ids.has(replyTo.author) ? idOf(replyTo) : null,
  }));
  const { committed, rejected, pending } = await internal.call(importMessages, { room, messages });
  if (pending > 0) return { status: 'again' };
  if (rejected > 0) return { status: 'impossible', reason: `${rejected} messages were refused` };
  return committed;
}

const joinAll =
  (people: readonly string[]): Decide =>
  (room) =>
    people.filter((user) => !room.roles.has(user)).map((user) => ({ type: 'member.joined', body: { user, role: 'member' } }));

/** Handle -> id of all that a part's messages name, made where accounts does not know them. */
async function authorsOf(internal: InternalClient, messages: Extract<ImportPart, { messages: unknown }>['messages']): Promise<Map<string, string>> {
  const handles = [...new Set(messages.flatMap(({ author, replyTo }) => (replyTo ? [author, replyTo.author] : [author])))];
  const ids = new Map<string, string>();
  for (let from = 0; from < handles.length; from += HANDLES_AT_ONCE) {
    const asked = handles.slice(from, from + HANDLES_AT_ONCE);
    const { people } = await internal.call(bringPeople, { people: asked.map((handle) => ({ handle, name: handle })) });
    for (const [index, person] of people.entries()) ids.set(asked[index] as string, person.id);
  }
  return ids;
}

const HANDLES_AT_ONCE = 500;
