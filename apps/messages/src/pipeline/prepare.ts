// A batch loaded and decided, ready to be written. It changes nothing but the memory that it is given, so both may be dropped at any time.
import { NO_TRACING, type Tracing } from '@parley/runtime';
import { type Decided, decideBatch } from '../decide/batch.ts';
import type { Input } from '../decide/decode.ts';
import { needsNothing, needsOf } from '../decide/needs.ts';
import type { Store } from '../store/store.ts';
import { beginDeciding } from './followed.ts';
import type { RoomMemory } from './room-memory.ts';

export interface Prepared {
  readonly inputs: readonly Input[];
  readonly decided: Decided;
  /** Commands of it that somebody follows. */
  readonly followed: ReturnType<typeof beginDeciding>;
}

export interface PrepareOptions {
  /** Is as it will be after the batch. */
  readonly memory: RoomMemory;
  /** The batch that is being written meanwhile. */
  readonly before: Prepared | null;
  /** pos of each partition when everything before is written. */
  readonly written: () => ReadonlyMap<number, number>;
  readonly tracing?: Tracing;
}

export async function prepareBatch(store: Store, inputs: readonly Input[], options: PrepareOptions): Promise<Prepared> {
  const { memory, before, written, tracing = NO_TRACING } = options;
  const followed = beginDeciding(tracing, inputs);
  const needs = needsOf(inputs, memory.rooms, memory.careful());
  if (!needsNothing(needs)) memory.add(await store.load(needs));
  const decided = decideBatch(memory.rooms, inputs, before ? before.decided.pos : written());
  memory.grew(inputs.length, inputs.filter(({ kind }) => kind === 'change').length);
  for (const { span } of followed) span.end();
  return { inputs, decided, followed };
}
