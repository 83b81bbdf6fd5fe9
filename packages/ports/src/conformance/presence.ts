// The promise of Presence, a test for each sentence.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Presence, PresenceChange } from '../presence.ts';
import { eventually, type World } from './world.ts';

const SWEEP_MS = 2_000;

export interface PresenceConformance {
  /** Of the leases. A store that waits for real is tested with shorter ones. Default 8 s. */
  readonly ttlMs?: number;
  /** Random histories. Default 50. */
  readonly runs?: number;
}

export function presenceConformance(name: string, factory: () => Promise<World<Presence>>, { ttlMs = 8_000, runs = 50 }: PresenceConformance = {}): void {
  describe(`Presence: ${name}`, () => {
    let world: World<Presence>;
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(() => world.close());

    leases(() => world, ttlMs);
    watching(() => world, ttlMs);
    agreement(() => world, ttlMs, runs);
  });
}

function leases(world: () => World<Presence>, ttlMs: number): void {
  const online = async (...users: string[]): Promise<string[]> => [...(await world().port.read(users))].sort();

  it('shows the users of a living lease online, and only those asked for', async () => {
    await world().port.touch('w1', ttlMs, ['ada', 'bob']);
    expect(await online('ada', 'cyd')).toEqual(['ada']);
  });

  it('says missing when the lease was not there, kept when it was', async () => {
    expect(await world().port.touch('w1', ttlMs, ['ada'])).toBe('missing');
    expect(await world().port.touch('w1', ttlMs, [])).toBe('kept');
    expect(await online('ada')).toEqual(['ada']);
  });

  it('lets a lease that is not touched in its time disappear with all it held', async () => {
    await world().port.touch('w1', ttlMs, ['ada']);
    await world().advance(ttlMs * 0.8);
    expect(await online('ada')).toEqual(['ada']);
    await world().advance(ttlMs * 0.3);
    expect(await online('ada')).toEqual([]);
    expect(await world().port.touch('w1', ttlMs, ['bob'])).toBe('missing');
    expect(await online('ada', 'bob')).toEqual(['bob']);
  });

  it('keeps a lease for as long as it is touched', async () => {
    await world().port.touch('w1', ttlMs, ['ada']);
    for (let touches = 0; touches < 8; touches++) {
      await world().advance(ttlMs * 0.3);
      expect(await world().port.touch('w1', ttlMs, [])).toBe('kept');
    }
    expect(await online('ada')).toEqual(['ada']);
  });

  it('shows a user online while any worker has them', async () => {
    await world().port.touch('w1', ttlMs, ['ada']);
    await world().port.touch('w2', ttlMs, ['ada']);
    await world().port.drop('w1', ['ada']);
    expect(await online('ada')).toEqual(['ada']);
    await world().port.drop('w2', null);
    expect(await online('ada')).toEqual([]);
  });

  it('ends the lease at a drop of everything, and not at a drop of some', async () => {
    await world().port.touch('w1', ttlMs, ['ada', 'bob']);
    await world().port.drop('w1', ['ada']);
    expect(await world().port.touch('w1', ttlMs, [])).toBe('kept');
    expect(await online('ada', 'bob')).toEqual(['bob']);
    await world().port.drop('w1', null);
    expect(await world().port.touch('w1', ttlMs, [])).toBe('missing');
    expect(await online('bob')).toEqual([]);
  });
}

type Step = { readonly kind: 'touch' | 'drop'; readonly worker: string; readonly users: readonly string[] } | { readonly kind: 'wait'; readonly ms: number };

function watching(world: () => World<Presence>, ttlMs: number): void {
  it('tells changes of the watched users, and of nobody else', async () => {
    const told: PresenceChange[] = [];
    await world().port.watch(['ada'], (changes) => told.push(...changes));
    await world().port.touch('w1', ttlMs, ['ada', 'bob']);
    await eventually(world(), () => expect(told).toContainEqual({ user: 'ada', online: true }));
    await world().port.drop('w1', null);
    await eventually(world(), () => expect(told).toContainEqual({ user: 'ada', online: false }));
    expect(told.filter(({ user }) => user !== 'ada')).toEqual([]);
  });

  it('tells within the sweep that a lease ran out', async () => {
    const told: PresenceChange[] = [];
    await world().port.touch('w1', ttlMs, ['ada']);
    await world().port.watch(['ada'], (changes) => told.push(...changes));
    await world().advance(ttlMs + SWEEP_MS);
    expect(told).toEqual([{ user: 'ada', online: false }]);
  });

  it('watches the set that was set last, and tells nothing after stop', async () => {
    const told: PresenceChange[] = [];
    const watch = await world().port.watch(['ada'], (changes) => told.push(...changes));
    await watch.set(['bob']);
    await world().port.touch('w1', ttlMs, ['ada', 'bob']);
    await eventually(world(), () => expect(told).toEqual([{ user: 'bob', online: true }]));
    await watch.stop();
    await world().port.drop('w1', null);
    await world().advance(SWEEP_MS);
    expect(told).toEqual([{ user: 'bob', online: true }]);
  });
}

function agreement(world: () => World<Presence>, ttlMs: number, runs: number): void {
  it('what watchers were told agrees with what is read, whatever happened', async () => {
    const users = ['ada', 'bob', 'cyd'];
    const some = fc.subarray(users);
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ kind: fc.constantFrom('touch' as const, 'drop' as const), worker: fc.constantFrom('w1', 'w2'), users: some }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(ttlMs * 0.1, ttlMs * 0.5, ttlMs * 1.1) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const believed = new Set(await world().port.read(users));
        const watch = await world().port.watch(users, (changes) => {
          for (const { user, online } of changes) online ? believed.add(user) : believed.delete(user);
        });
        for (const one of steps) {
          if (one.kind === 'wait') await world().advance(one.ms);
          else if (one.kind === 'touch') await world().port.touch(one.worker, ttlMs, one.users);
          else await world().port.drop(one.worker, one.users);
        }
        await eventually(world(), async () => expect([...believed].sort()).toEqual([...(await world().port.read(users))].sort()), SWEEP_MS);
        await watch.stop();
      }),
      { numRuns: runs },
    );
  });
}
