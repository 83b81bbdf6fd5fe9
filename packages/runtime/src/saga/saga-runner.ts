// Moves sagas: takes those that are due, runs one step, saves where they are. Whatever dies, another runner goes on from the row.
// Must never run a step that is not the row's, nor give up one: what fails is tried again, later and later, and told when it is overdue.
import type { Clock, Timer } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Saga, SagaKind, SagaStep, SagaStore, StepOutcome } from './saga.ts';

export interface SagaRunner {
  start(): void;
  /** Finishes the steps in hand. */
  stop(): Promise<void>;
  /** Something is due: look now. */
  wake(): void;
  problems(): readonly string[];
}

export interface SagaRunnerDeps {
  readonly store: SagaStore;
  readonly kinds: readonly SagaKind[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

const POLL_MS = 1_000;
const AGAIN_MS = 250;
const BACKOFF_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** Longer than any step may take: a call of a service has a deadline of some seconds. */
const LEASE_MS = 30_000;
/** Sagas moved at once. */
const AT_ONCE = 20;

/** Counted up to this. */
const OPEN_MAX = 1_000;

function watchSagas({ store, kinds, clock, metrics }: SagaRunnerDeps): void {
  const count = async (wanted: (saga: Saga) => boolean) => {
    const open = (await store.list({ open: true, limit: OPEN_MAX })).filter(wanted);
    return kinds.map(({ kind }) => ({ value: open.filter((saga) => saga.kind === kind).length, labels: { kind } }));
  };
  metrics?.watch('parley_sagas_open', 'Sagas that have not ended, up to 1,000.', ['kind'], () => count(() => true));
  metrics?.watch('parley_sagas_overdue', 'Sagas that should have ended by now: parley sagas says what they wait for.', ['kind'], () =>
    count((saga) => clock.now() > saga.deadlineAt),
  );
}

export function createSagaRunner(deps: SagaRunnerDeps): SagaRunner {
  const { store, kinds, clock, logger } = deps;
  watchSagas(deps);
  const byKind = new Map(kinds.map((kind) => [kind.kind, kind]));
  const late = new Map<string, string>();
  let timer: Timer | null = null;
  const inHand = new Set<Promise<void>>();
  let taking: Promise<void> | null = null;
  let again = false;
  let stopped = true;
  let failing = false;

  const moveOne = async (saga: Saga): Promise<void> => {
    const kind = byKind.get(saga.kind);
    if (!kind) return;
    const next = await advance(kind, saga, clock, logger);
    const ended = next.state === 'done' || next.state === 'undone';
    if (ended || clock.now() < saga.deadlineAt) late.delete(saga.id);
    else late.set(saga.id, `${saga.kind} ${saga.id} waits in step ${next.step} beyond its deadline: ${next.reason ?? 'it goes on'}`);
    const saved = await store.save(next);
    if (saved && ended) logger.info({ saga: saga.id, kind: saga.kind, state: next.state, reason: next.reason }, 'a saga has ended');
    if (!saved || next.dueAt <= clock.now()) wake();
  };

  const failed = (error: unknown): void => {
    if (!failing) logger.warn({ err: error }, 'sagas cannot be read or saved; trying again');
    failing = true;
  };

  // One that waits for a slow service must not hold up the others: each is moved by itself.
  const takeMore = async (): Promise<void> => {
    do {
      again = false;
      const taken = await store.take(clock.now(), LEASE_MS, AT_ONCE - inHand.size);
      for (const saga of taken) {
        const moving = moveOne(saga)
          .catch(failed)
          .finally(() => inHand.delete(moving));
        inHand.add(moving);
      }
    } while (again && !stopped && inHand.size < AT_ONCE);
    failing = false;
  };

  const wake = (): void => {
    if (stopped) return;
    again = true;
    taking ??= takeMore()
      .catch(failed)
      .finally(() => {
        taking = null;
        // Woken after the last look and before this line; a failed one waits for the next poll.
        if (again && !failing && inHand.size < AT_ONCE) wake();
      });
  };

  return {
    start() {
      stopped = false;
      timer = clock.every(POLL_MS, wake);
      wake();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await taking;
      await Promise.all(inHand);
    },
    wake,
    problems: () => [...(failing ? ['Sagas do not move: their database does not answer.'] : []), ...late.values()],
  };
}

/** The saga after one try of its step. */
async function advance(kind: SagaKind, saga: Saga, clock: Clock, logger: Logger): Promise<Saga> {
  const index = kind.steps.findIndex((step) => step.name === saga.step);
  const step = kind.steps[index];
  // A step of another version of this program: whoever knows it will take it.
  if (!step) return later(saga, clock, `step ${saga.step} is not known to this version`);
  try {
    return saga.state === 'undoing' ? await undo(kind, saga, index, step, clock) : after(kind, saga, index, await step.run(saga), clock);
  } catch (error) {
    // Only what has a code may be told: other messages may hold anything.
    const reason = error instanceof ParleyError ? error.code : 'internal';
    if (!(error instanceof ParleyError)) logger.error({ err: error, saga: saga.id, step: saga.step }, 'a step of a saga failed');
    return later(saga, clock, reason);
  }
}

const moved = (saga: Saga, step: SagaStep, clock: Clock): Saga => ({ ...saga, step: step.name, attempts: 0, reason: null, dueAt: clock.now() });

const later = (saga: Saga, clock: Clock, reason: string): Saga => ({
  ...saga,
  reason,
  attempts: saga.attempts + 1,
  dueAt: clock.now() + Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(saga.attempts, 10)),
});

function after(kind: SagaKind, saga: Saga, index: number, outcome: StepOutcome, clock: Clock): Saga {
  if (outcome.status === 'again') {
    if (outcome.data) return { ...saga, data: { ...saga.data, ...outcome.data }, attempts: 0, reason: null, dueAt: clock.now() };
    return { ...saga, attempts: saga.attempts + 1, reason: null, dueAt: clock.now() + AGAIN_MS };
  }
  if (outcome.status === 'impossible') return { ...saga, state: 'undoing', attempts: 0, reason: outcome.reason, dueAt: clock.now() };
  const data = { ...saga.data, ...outcome.data };
  const next = kind.steps[index + 1];
  return next ? moved({ ...saga, data }, next, clock) : { ...saga, data, state: 'done', reason: null, attempts: 0 };
}

async function undo(kind: SagaKind, saga: Saga, index: number, step: SagaStep, clock: Clock): Promise<Saga> {
  await step.undo?.(saga);
  const before = kind.steps[index - 1];
  return before ? { ...moved(saga, before, clock), reason: saga.reason } : { ...saga, state: 'undone', attempts: 0 };
}
