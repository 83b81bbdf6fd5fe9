// The promise of WorkQueue, a test for each sentence.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job, JobAttempt, Working, WorkOptions, WorkQueue } from '../work-queue.ts';
import { eventually, type World } from './world.ts';

const job = (id: string, payload: unknown = { id }): Job => ({ queue: 'push.send', id, payload });
const never = (): Promise<never> => new Promise(() => undefined);

export function workQueueConformance(name: string, factory: () => Promise<World<WorkQueue>>): void {
  describe(`WorkQueue: ${name}`, () => {
    let world: World<WorkQueue>;
    const workers: Working[] = [];
    beforeEach(async () => {
      world = await factory();
    });
    afterEach(async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.stop()));
      await world.close();
    });
    const work = async (handle: (job: JobAttempt) => Promise<void>, options?: WorkOptions): Promise<Working> => {
      const working = await world.port.work('push.send', handle, options);
      workers.push(working);
      return working;
    };

    handing(() => world, work);
    failing(() => world, work);
  });
}

type Work = (handle: (job: JobAttempt) => Promise<void>, options?: WorkOptions) => Promise<Working>;

function handing(world: () => World<WorkQueue>, work: Work): void {
  it('hands out jobs enqueued before and after the worker came, whole and once', async () => {
    const payload = { text: 'a "b" \u0000 \ud800 🔑', list: [1, null, { deep: true }] };
    await world().port.enqueue([job('1', payload)]);
    const seen: JobAttempt[] = [];
    await work(async (one) => void seen.push(one));
    await world().port.enqueue([job('2'), { ...job('3'), queue: 'other.queue' }]);
    await eventually(world(), () => expect(seen).toHaveLength(2));
    await world().advance(60_000);
    expect(seen).toEqual([
      { ...job('1', payload), attempt: 1 },
      { ...job('2'), attempt: 1 },
    ]);
  });

  it('hands out an id that was enqueued twice at least once, and again when it is enqueued after its end', async () => {
    await world().port.enqueue([job('1', 'first'), job('1', 'first')]);
    const seen: unknown[] = [];
    await work(async ({ payload }) => void seen.push(payload));
    await eventually(world(), () => expect(seen).toContain('first'));
    await eventually(world(), async () => {
      await world().port.enqueue([job('1', 'anew')]);
      expect(seen).toContain('anew');
    });
  });

  it('keeps at most so many jobs in hand', async () => {
    await world().port.enqueue(Array.from({ length: 10 }, (_, nr) => job(`${nr}`)));
    const open: (() => void)[] = [];
    let most = 0;
    let done = 0;
    const options = { concurrency: 3 };
    await work(async () => {
      await new Promise<void>((resolve) => {
        most = Math.max(most, open.push(resolve));
      });
      done++;
    }, options);
    await eventually(world(), () => expect(open).toHaveLength(3));
    await eventually(world(), () => {
      for (const finish of open.splice(0)) finish();
      expect(done).toBe(10);
    });
    expect(most).toBe(3);
  });

  it('shares jobs among workers: none is handed out twice', async () => {
    const seen: string[] = [];
    await work(async ({ id }) => void seen.push(id));
    await work(async ({ id }) => void seen.push(id));
    const ids = Array.from({ length: 40 }, (_, nr) => `${nr}`);
    await world().port.enqueue(ids.map((id) => job(id)));
    await eventually(world(), () => expect(seen).toHaveLength(40));
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('finishes the jobs in hand before it stops, and takes no more', async () => {
    const begun: (() => void)[] = [];
    const seen: string[] = [];
    const working = await work(
      async ({ id }) => {
        await new Promise<void>((resolve) => void begun.push(resolve));
        seen.push(id);
      },
      { concurrency: 1 },
    );
    await world().port.enqueue([job('1'), job('2')]);
    await eventually(world(), () => expect(begun).toHaveLength(1));
    const stopped = working.stop();
    begun[0]!();
    await stopped;
    expect(seen).toEqual(['1']);
    await world().advance(60_000);
    expect(seen).toEqual(['1']);
  });
}

function failing(world: () => World<WorkQueue>, work: Work): void {
  it('brings back a job that was not finished in its time, also to the worker that hangs', async () => {
    const attempts: number[] = [];
    await work(
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) await never();
      },
      { visibilityMs: 5_000, concurrency: 1 },
    );
    await world().port.enqueue([job('1')]);
    await eventually(world(), () => expect(attempts).toEqual([1]), 1);
    await eventually(world(), () => expect(attempts).toEqual([1, 2]), 1_000);
  });

  it('tries a job that failed again after its wait, and not before', async () => {
    const attempts: number[] = [];
    await work(
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('not yet');
      },
      { backoffMs: () => 30_000 },
    );
    await world().port.enqueue([job('1')]);
    await eventually(world(), () => expect(attempts).toEqual([1]), 1);
    await world().advance(20_000);
    expect(attempts).toEqual([1]);
    await eventually(world(), () => expect(attempts).toEqual([1, 2]), 5_000);
    expect(await world().port.parked('push.send', 10)).toEqual([]);
  });

  it('parks a job with its reason after the last try, and never loses it', async () => {
    const attempts: number[] = [];
    const handle = async ({ attempt }: JobAttempt): Promise<void> => {
      attempts.push(attempt);
      throw new Error(`no luck ${attempt}`);
    };
    await work(handle, { tries: 3, backoffMs: () => 1_000 });
    await world().port.enqueue([job('1')]);
    await eventually(world(), async () => expect(await world().port.parked('push.send', 10)).toHaveLength(1), 500);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await world().port.parked('push.send', 10)).toEqual([{ ...job('1'), attempt: 3, reason: 'no luck 3' }]);
    await world().advance(120_000);
    expect(attempts).toHaveLength(3);
  });

  it('parks a job whose last try was never answered', async () => {
    await work(never, { tries: 2, visibilityMs: 1_000 });
    await world().port.enqueue([job('1')]);
    await eventually(world(), async () => expect(await world().port.parked('push.send', 10)).toMatchObject([{ id: '1', attempt: 2 }]), 1_000);
  });

  it('puts parked jobs back with their tries counted from none, oldest first', async () => {
    let healed = false;
    const seen: string[] = [];
    await world().port.enqueue([job('1'), job('2'), job('3')]);
    await work(
      async ({ id, attempt }) => {
        if (!healed) throw new Error('down');
        seen.push(`${id} try ${attempt}`);
      },
      { tries: 1, concurrency: 1 },
    );
    await eventually(world(), async () => expect((await world().port.parked('push.send', 10)).map(({ id }) => id)).toEqual(['1', '2', '3']));
    expect(await world().port.parked('push.send', 2)).toHaveLength(2);
    healed = true;
    expect(await world().port.retry('push.send', ['1', '3', 'unknown'])).toBe(2);
    await eventually(world(), () => expect([...seen].sort()).toEqual(['1 try 1', '3 try 1']));
    expect((await world().port.parked('push.send', 10)).map(({ id }) => id)).toEqual(['2']);
  });
}
