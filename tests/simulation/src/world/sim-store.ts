// One process' connection to the store: takes time, breaks, and dies at named points around the commit. The rows themselves survive.

import type { Store } from '@parley/messages/memory';
import type { Clock } from '@parley/ports';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';

/** Where a messages worker is killed. */
export const CRASH_POINTS = ['before load', 'before commit', 'after commit', 'before publish', 'after publish', 'before relay', 'after relay'] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Kills the process the `count`-th time that it comes by a point. */
export interface Trap {
  arm(point: CrashPoint, count: number): void;
  /** Answers whether the process died here. */
  passes(point: CrashPoint): boolean;
}

export function createTrap(life: Life): Trap {
  let armed: { point: CrashPoint; left: number } | null = null;
  return {
    arm(point, count) {
      armed = { point, left: count };
    },
    passes(point) {
      if (armed?.point !== point || --armed.left > 0) return false;
      armed = null;
      life.kill();
      return true;
    },
  };
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** `open` and `close` are the process' own; every other method is one statement at the database. */
export function connectStore(rows: Store, life: Life, world: Clock, faults: Faults, trap: Trap): Store {
  const statement = (name: string, run: Method): Method => {
    return (...args) => {
      if (name === 'load') trap.passes('before load');
      if (name === 'commit') trap.passes('before commit');
      return life.ask(async () => {
        await world.sleep(faults.between(1, 4));
        const breaks = faults.hits('store');
        if (breaks && faults.rng.random() < 0.5) throw new Error(`simulated: ${name} was not done`);
        const answer = await run(...args);
        if (name === 'commit') trap.passes('after commit');
        await world.sleep(1);
        if (breaks) throw new Error(`simulated: ${name} was done, and the answer was lost`);
        return answer;
      });
    };
  };
  return new Proxy(rows, {
    get(target, name: string) {
      const method = (target as unknown as Record<string, Method>)[name];
      if (typeof method !== 'function') return method;
      if (name === 'close') return async () => undefined;
      return statement(name, method.bind(target));
    },
  });
}
