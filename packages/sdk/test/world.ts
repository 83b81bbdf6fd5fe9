// One model server, one clock, one storage, and clients on them that record what they saw. Whatever a test opens is closed after it.
import type { AnyRoomEvent } from '@parley/protocol';
import { afterEach } from 'vitest';
import { createParley, memoryStorage, type Observation, type Parley, type ParleyOptions, type Storage } from '../src/index.ts';
import { createManualClock, settle } from './manual-clock.ts';
import { createModelServer } from './model-server.ts';
import { nextId } from './random-events.ts';

export const OTHER_ROOM = '00000000-0000-7000-8000-00000000a002';
export const POST_BY_OTHER = [15, 0, 1] as const;
const open = new Set<Parley>();

afterEach(async () => {
  for (const client of open) await client.close();
  open.clear();
});

export function world(storage: Storage = memoryStorage()) {
  const clock = createManualClock();
  const server = createModelServer(clock);
  const client = (more: Partial<ParleyOptions> = {}) => {
    const applied: AnyRoomEvent[] = [];
    const seen: Observation[] = [];
    const errors: string[] = [];
    const made = createParley({
      url: 'http://parley.test',
      storage,
      clock,
      transport: server.transport,
      fetch: server.fetch,
      random: () => 0.5,
      newId: nextId,
      observe: (one) => seen.push(one),
      ...more,
    });
    made.on('event', (event) => applied.push(event));
    made.on('error', (error) => errors.push(error.code));
    open.add(made);
    return Object.assign(made, { applied, seen, errors });
  };
  const online = async (more: Partial<ParleyOptions> = {}) => {
    const made = client(more);
    await made.login({ handle: 'me', password: 'x' });
    await made.connect();
    await settle();
    return made;
  };
  return { clock, server, storage, client, online };
}
