// The promise of Cache, a test for each sentence.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../cache.ts';
import type { World } from './world.ts';

interface Gate {
  readonly load: () => Promise<string>;
  open(value: string): void;
  loads(): number;
}

/** A loader that answers when told to. */
function gate(): Gate {
  const waiting: ((value: string) => void)[] = [];
  let count = 0;
  const load = (): Promise<string> => {
    count++;
    return new Promise((resolve) => waiting.push(resolve));
  };
  return { load, open: (value) => waiting.shift()!(value), loads: () => count };
}

export function cacheConformance(name: string, factory: () => Promise<World<Cache>>): void {
  describe(`Cache: ${name}`, () => {
    let world: World<Cache>;
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(() => world.close());

    it('gives what was set until its time is over, and undefined after', async () => {
      await world.port.set('k', { a: 1 }, 1_000);
      await world.advance(900);
      expect(await world.port.get('k')).toEqual({ a: 1 });
      await world.advance(200);
      expect(await world.port.get('k')).toBeUndefined();
    });

    it('forgets what was dropped', async () => {
      await world.port.set('k', 1, 1_000);
      await world.port.drop('k');
      expect(await world.port.get('k')).toBeUndefined();
    });

    it('counts the age of a loaded value from before its load', async () => {
      const { load, open } = gate();
      const loading = world.port.getOrLoad('k', 1_000, load);
      await world.advance(900);
      open('v');
      expect(await loading).toBe('v');
      expect(await world.port.get('k')).toBe('v');
      await world.advance(200);
      expect(await world.port.get('k')).toBeUndefined();
    });

    it('runs one loader per key at a time, and others beside it', async () => {
      const [one, other] = [gate(), gate()];
      const asked = [world.port.getOrLoad('k', 1_000, one.load), world.port.getOrLoad('k', 1_000, one.load), world.port.getOrLoad('l', 1_000, other.load)];
      await world.advance(1);
      expect([one.loads(), other.loads()]).toEqual([1, 1]);
      one.open('v');
      other.open('w');
      expect(await Promise.all(asked)).toEqual(['v', 'v', 'w']);
      expect(await world.port.getOrLoad('k', 1_000, one.load)).toBe('v');
      expect(one.loads()).toBe(1);
    });

    it('does not remember a failed load', async () => {
      await expect(world.port.getOrLoad('k', 1_000, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
      expect(await world.port.getOrLoad('k', 1_000, async () => 'up')).toBe('up');
    });

    it('does not keep or hand on a value whose load began before a drop', async () => {
      const { load, open, loads } = gate();
      const early = world.port.getOrLoad('k', 1_000, load);
      await world.advance(1);
      await world.port.drop('k');
      const late = world.port.getOrLoad('k', 1_000, load);
      open('old');
      expect(await early).toBe('old');
      await world.advance(1);
      expect(loads()).toBe(2);
      open('new');
      expect(await late).toBe('new');
      expect(await world.port.get('k')).toBe('new');
    });
  });
}
