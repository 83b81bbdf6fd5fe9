// Sagas move forward through crashes and errors, and backward when a step cannot be.
import { createManualClock, type ManualClock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger } from '../log.ts';
import type { Saga, SagaKind, SagaStep, SagaStore, StepOutcome } from './saga.ts';
import { createSagaRunner } from './saga-runner.ts';

const logger = createLogger({ level: 'silent' });

/** The rows of one saga, as the SQL store keeps them. */
function createRows(clock: ManualClock, first: Partial<Saga> = {}) {
  let row: Saga = {
    id: 'a',
    kind: 'move',
    state: 'running',
    step: 'one',
    data: {},
    attempts: 0,
    dueAt: clock.now(),
    deadlineAt: clock.now() + 60_000,
    createdAt: clock.now(),
    reason: null,
    version: 0,
    ...first,
  };
  /** How long each save let it wait. */
  const waits: number[] = [];
  const open = (): boolean => row.state === 'running' || row.state === 'undoing';
  const store: SagaStore = {
    async take(now, leaseMs) {
      if (!open() || row.dueAt > now) return [];
      row = { ...row, dueAt: now + leaseMs };
      return [row];
    },
    async save(saga) {
      if (saga.version !== row.version) return false;
      row = { ...saga, version: row.version + 1 };
      waits.push(saga.dueAt - clock.now());
      return true;
    },
    list: async () => [row],
    hurry: async () => 0,
  };
  return { store, row: () => row, waits };
}

const setup = (steps: [SagaStep, ...SagaStep[]], first: Partial<Saga> = {}) => {
  const clock = createManualClock();
  const rows = createRows(clock, first);
  const kinds: SagaKind[] = [{ kind: 'move', steps }];
  const start = () => {
    const runner = createSagaRunner({ store: rows.store, kinds, clock, logger });
    runner.start();
    onTestFinished(() => runner.stop());
    return runner;
  };
  return { clock, rows, start };
};

const step = (name: string, done: string[], run: () => StepOutcome | Promise<StepOutcome> = () => ({ status: 'done' })): SagaStep => ({
  name,
  run: async () => {
    done.push(name);
    return run();
  },
  undo: async () => {
    done.push(`-${name}`);
  },
});

test('The steps are done in order, with what earlier ones found, and then the saga has ended.', async () => {
  const done: string[] = [];
  const { rows, start } = setup([step('one', done, () => ({ status: 'done', data: { room: 7 } })), step('two', done)]);
  start();
  await vi.waitFor(() => expect(rows.row()).toMatchObject({ state: 'done', data: { room: 7 }, reason: null }));
  expect(done).toEqual(['one', 'two']);
});

test('A step that is not reached is tried again, later and later, and the reason is told without anything secret.', async () => {
  const done: string[] = [];
  let away = 3;
  const { clock, rows, start } = setup([
    step('one', done, () => {
      if (away-- > 0) throw new ParleyError('unavailable', 'the database password is hunter2');
      return { status: 'done' };
    }),
  ]);
  start();
  for (let tries = 1; tries <= 3; tries++) {
    await vi.waitFor(() => expect(rows.row()).toMatchObject({ attempts: tries, reason: 'unavailable' }));
    await clock.advance(rows.row().dueAt - clock.now() + 1_000);
  }
  await vi.waitFor(() => expect(rows.row().state).toBe('done'));
  expect(done).toHaveLength(4);
  expect(rows.waits.slice(0, 3)).toEqual([500, 1_000, 2_000]);
});

test('A step that cannot be is undone with all before it, the last one first.', async () => {
  const done: string[] = [];
  const { rows, start } = setup([step('one', done), step('two', done, () => ({ status: 'impossible', reason: 'no such room' })), step('three', done)]);
  start();
  await vi.waitFor(() => expect(rows.row()).toMatchObject({ state: 'undone', reason: 'no such room' }));
  expect(done).toEqual(['one', 'two', '-two', '-one']);
});

test('When the runner dies within a step, another one does the step again after the lease, and goes on.', async () => {
  const done: string[] = [];
  let hang = true;
  const { clock, rows, start } = setup([step('one', done, () => (hang ? new Promise(() => {}) : { status: 'done' })), step('two', done)]);
  const dead = createSagaRunner({
    store: rows.store,
    kinds: [{ kind: 'move', steps: [step('one', done, () => new Promise(() => {}))] }],
    clock,
    logger,
  });
  dead.start();
  await vi.waitFor(() => expect(done).toEqual(['one']));
  // It takes nothing any more, and what it has in hand never ends.
  void dead.stop();
  hang = false;
  start();
  await clock.advance(29_000);
  expect(rows.row().step).toBe('one');
  await clock.advance(2_000);
  await vi.waitFor(() => expect(rows.row().state).toBe('done'));
  expect(done).toEqual(['one', 'one', 'two']);
});

test('A runner that was too slow does not overwrite what another one saved.', async () => {
  const clock = createManualClock();
  const rows = createRows(clock);
  const [taken] = await rows.store.take(clock.now(), 1_000, 1);
  expect(await rows.store.save({ ...(taken as Saga), step: 'two' })).toBe(true);
  expect(await rows.store.save({ ...(taken as Saga), step: 'one' })).toBe(false);
});

test('A saga beyond its deadline goes on, and the operator is told which step it waits in.', async () => {
  const { clock, rows, start } = setup([step('one', [], () => ({ status: 'again' }))]);
  const runner = start();
  await vi.waitFor(() => expect(rows.row().version).toBeGreaterThan(0));
  expect(runner.problems()).toEqual([]);
  await clock.advance(61_000);
  await vi.waitFor(() => expect(runner.problems().join()).toContain('waits in step one'));
  expect(rows.row().state).toBe('running');
});
