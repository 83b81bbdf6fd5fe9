// A random value that is there for as long as Redis remembers: FLUSHALL and a start from nothing change it, and FLUSHALL cuts no connection.
// Asking for it is also how a link knows that Redis answers.
import type { Rng } from '@parley/ports';
import type { Link } from './link.ts';

export interface BootKey {
  /** Calls onEmptied when Redis has forgotten since the last check. */
  check(link: Link): Promise<void>;
}

export function createBootKey(key: string, rng: Rng, onEmptied: () => void): BootKey {
  let known: string | null = null;
  return {
    async check(link) {
      const mine = rng.id();
      const found = (await link.call('boot key', (client) => client.call('SET', key, mine, 'NX', 'GET'))) as string | null;
      const now = found ?? mine;
      const emptied = known !== null && known !== now;
      known = now;
      if (emptied) onEmptied();
    },
  };
}
