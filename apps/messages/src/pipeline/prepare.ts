// A batch loaded and decided, ready to be written. It changes nothing but its own memory, so it may be dropped at any time.
import { NO_TRACING, type Tracing } from '@parley/runtime';
import { type Decided, decideBatch } from '../decide/batch.ts';
import type { Input } from '../decide/decode.ts';
import { needsOf } from '../decide/needs.ts';
import type { RoomState } from '../decide/state.ts';
import type { Store } from '../store/store.ts';
import { carryOver } from './carry-over.ts';
import { beginDeciding } from './followed.ts';

export interface Prepared {
  readonly inputs: readonly Input[];
  /** As it is after the batch; used up by the batch that is prepared over it. */
  readonly state: ReadonlyMap<string, RoomState>;
  readonly decided: Decided;
  /** Commands of it that somebody follows. */
  readonly followed: ReturnType<typeof beginDeciding>;
}

/** `before`: the batch that is being written meanwhile. `written`: pos of each partition when everything before is written. */
export async function prepareBatch(
  store: Store,
  inputs: readonly Input[],
  before: Prepared | null,
  written: () => ReadonlyMap<number, number>,
  tracing: Tracing = NO_TRACING,
): Promise<Prepared> {
  const followed = beginDeciding(tracing, inputs);
  const loaded = await store.load(needsOf(inputs));
  const state = before ? carryOver(before.state, loaded) : loaded;
  const decided = decideBatch(state, inputs, before ? before.decided.pos : written());
  for (const { span } of followed) span.end();
  return { inputs, state, decided, followed };
}
