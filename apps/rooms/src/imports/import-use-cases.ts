// What the owner of the installation can ask of imports.
import type { Clock, Rng } from '@parley/ports';
import { type BeginImport, type ImportPart, type ImportProgress, ParleyError } from '@parley/protocol';
import type { ImportStore } from '../store/store-imports.ts';
import { IMPORT, IMPORT_DEADLINE_MS, IMPORT_FIRST_STEP, roomOfImport } from './import-saga.ts';

export interface ImportUseCases {
  begin(owner: string, spec: BeginImport): Promise<ImportProgress>;
  putPart(id: string, n: number, part: ImportPart): Promise<void>;
  /** Again, it answers how far it is. */
  run(id: string, parts: number): Promise<ImportProgress>;
  /** Throws not_found. */
  progress(id: string): Promise<ImportProgress>;
  /** Takes back what was done. One that has ended is answered as it is. */
  cancel(id: string): Promise<ImportProgress>;
}

export interface ImportUseCaseDeps {
  readonly store: ImportStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly wake: () => void;
}

const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

export function createImportUseCases({ store, clock, rng, wake }: ImportUseCaseDeps): ImportUseCases {
  const progress = async (id: string): Promise<ImportProgress> => {
    const saga = await store.saga(id);
    if (saga !== null) {
      const { parts, next, messages } = saga.data as { parts: number; next: number; messages: number };
      return { import: id, state: saga.state, room: roomOfImport(id), parts, partsDone: next, messages, reason: saga.reason };
    }
    const row = await store.read(id);
    if (row === null) throw new ParleyError('not_found', 'There is no such import.');
    return { import: id, state: 'collecting', room: null, parts: row.parts, partsDone: 0, messages: 0, reason: null };
  };
  return {
    async begin(owner, spec) {
      const id = spec.id ?? rng.id();
      if ((await store.saga(id)) === null) await store.begin(id, owner, spec, clock.now(), clock.now() - FORGOTTEN_AFTER_MS);
      return progress(id);
    },
    putPart: (id, n, part) => store.putPart(id, n, part),
    async run(id, parts) {
      if ((await store.saga(id)) === null) {
        const now = clock.now();
        await store.run(id, parts, { kind: IMPORT, step: IMPORT_FIRST_STEP, dueAt: now, createdAt: now, deadlineAt: now + IMPORT_DEADLINE_MS });
        wake();
      }
      return progress(id);
    },
    progress,
    async cancel(id) {
      if (await store.cancel(id, 'cancelled')) wake();
      else if ((await store.saga(id)) === null) await store.drop(id);
      return progress(id).catch((error: unknown) => {
        if (!(error instanceof ParleyError && error.code === 'not_found')) throw error;
        return { import: id, state: 'undone', room: null, parts: 0, partsDone: 0, messages: 0, reason: 'cancelled' };
      });
    },
  };
}
