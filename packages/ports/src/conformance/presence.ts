// The promise of Presence, a test for each sentence.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Presence, PresenceChange } from '../presence.ts';
import { eventually, type World } from './world.ts';

const TTL_MS = 8_000;
const SWEEP_MS = 2_000;

export function presenceConformance(name: string, factory: () => Promise<World<Presence>>): void {
  describe(`Presence: ${name}`, () => {
    let world: World<Presence>;
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(() => world.close());

    leases(() => world);
    watching(() => world);
  });
}

function leases(world: () => World<Presence>): void {
  const online = async (...users: string[]): Promise<string[]> => [...(await world().port.read(users))].sort();

  it('shows the users of a living lease online, and only those asked for', async () => {
    await world().port.touch('w1', TTL_MS, ['ada', 'bob']);
    expect(await online('ada', 'cyd')).toEqual(['ada']);
  });

  it('says missing when the lease was not there, kept when it was', async () => {
    expect(await world().port.touch('w1', TTL_MS, ['ada'])).toBe('missing');
    expect(await world().port.touch('w1', TTL_MS, [])).toBe('kept');
    expect(await online('ada')).toEqual(['ada']);
  });

  it('lets a lease that is not touched in its time disappear with all it held', async () => {
    await world().port.touch('w1', TTL_MS, ['ada']);
    await world().advance(TTL_MS - 1_000);
    expect(await online('ada')).toEqual(['ada']);
    await world().advance(2_000);
    expect(await online('ada')).toEqual([]);
    expect(await world().port.touch('w1', TTL_MS, ['bob'])).toBe('missing');
    expect(await online('ada', 'bob')).toEqual(['bob']);
  });

  it('keeps a lease for as long as it is touched', async () => {
    await world().port.touch('w1', TTL_MS, ['ada']);
    for (let touches = 0; touches < 8; touches++) {
      await world().advance(2_500);
      expect(await world().port.touch('w1', TTL_MS, [])).toBe('kept');
    }
    expect(await online('ada')).toEqual(['ada']);
  });

  it('shows a user online while any worker has them', async () => {
    await world().port.touch('w1', TTL_MS, ['ada']);
    await world().port.touch('w2', TTL_MS, ['ada']);
    await world().port.drop('w1', ['ada']);
    expect(await online('ada')).toEqual(['ada']);
    await world().port.drop('w2', null);
    expect(await online('ada')).toEqual([]);
  });

  it('ends the lease at a drop of everything, and not at a drop of some', async () => {
    await world().port.touch('w1', TTL_MS, ['ada', 'bob']);
    await world().port.drop('w1', ['ada']);
    expect(await world().port.touch('w1', TTL_MS, [])).toBe('kept');
    expect(await online('ada', 'bob')).toEqual(['bob']);
    await world().port.drop('w1', null);
    expect(await world().port.touch('w1', TTL_MS, [])).toBe('missing');
    expect(await online('bob')).toEqual([]);
  });
}

type Step = { readonly kind: 'touch' | 'drop'; readonly worker: string; readonly users: readonly string[] } | { readonly kind: 'wait'; readonly ms: number };

function watching(world: () => World<Presence>): void {
  it('tells changes of the watched users, and of nobody else', async () => {
    const told: PresenceChange[] = [];
    await world().port.watch(['ada'], (changes) => told.push(...changes));
    await world().port.touch('w1', TTL_MS, ['ada', 'bob']);
    await eventually(world(), () => expect(told).toContainEqual({ user: 'ada', online: true }));
    await world().port.drop('w1', null);
    await eventually(world(), () => expect(told).toContainEqual({ user: 'ada', online: false }));
    expect(told.filter(({ user }) => user !== 'ada')).toEqual([]);
  });

  it('tells within the sweep that a lease ran out', async () => {
    const told: PresenceChange[] = [];
    await world().port.touch('w1', TTL_MS, ['ada']);
    await world().port.watch(['ada'], (changes) => told.push(...changes));
    await world().advance(TTL_MS + SWEEP_MS);
    expect(told).toEqual([{ user: 'ada', online: false }]);
  });

  it('watches the set that was set last, and tells nothing after stop', async () => {
    const told: PresenceChange[] = [];
    const watch = await world().port.watch(['ada'], (changes) => told.push(...changes));
    await watch.set(['bob']);
    await world().port.touch('w1', TTL_MS, ['ada', 'bob']);
    await eventually(world(), () => expect(told).toEqual([{ user: 'bob', online: true }]));
    await watch.stop();
    await world().port.drop('w1', null);
    await world().advance(SWEEP_MS);
    expect(told).toEqual([{ user: 'bob', online: true }]);
  });

  it('what watchers were told agrees with what is read, whatever happened', async () => {
    const users = ['ada', 'bob', 'cyd'];
    const some = fc.subarray(users);
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ kind: fc.constantFrom('touch' as const, 'drop' as const), worker: fc.constantFrom('w1', 'w2'), users: some }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 4_000, 9_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const believed = new Set(await world().port.read(users));
        const watch = await world().port.watch(users, (changes) => {
          for (const { user, online } of changes) online ? believed.add(user) : believed.delete(user);
        });
        for (const one of steps) {
          if (one.kind === 'wait') await world().advance(one.ms);
          else if (one.kind === 'touch') await world().port.touch(one.worker, TTL_MS, one.users);
          else await world().port.drop(one.worker, one.users);
        }
        await eventually(world(), async () => expect([...believed].sort()).toEqual([...(await world().port.read(users))].sort()), SWEEP_MS);
        await watch.stop();
      }),
      { numRuns: 50 },
    );
  });
}
