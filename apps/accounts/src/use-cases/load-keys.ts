// Load keys: what lets replay, k6 and imports sign in at their own rate. Shown once; only the hash is kept.
import { type LoadKey, ParleyError } from '@parley/protocol';
import type { z } from 'zod/mini';
import { insertLoadKey, isLoadKey } from '../store/store-access.ts';
import type { SessionClass } from '../store/store-sessions.ts';
import type { Context, Visitor } from './context.ts';

export async function makeLoadKey({ database, rng, clock }: Context): Promise<z.infer<typeof LoadKey>> {
  const made = { id: rng.id(), key: `plk_${rng.secret(24)}` };
  await insertLoadKey(database, { ...made, createdAt: clock.now() });
  return made;
}

/** The class of the session that this visitor begins. Throws ParleyError('forbidden') for a key that is not ours. */
export async function sessionClass({ database }: Context, visitor: Visitor): Promise<SessionClass> {
  if (visitor.loadKey === undefined) return 'person';
  if (await isLoadKey(database, visitor.loadKey)) return 'load';
  throw new ParleyError('forbidden', 'This load key is not known here.');
}
