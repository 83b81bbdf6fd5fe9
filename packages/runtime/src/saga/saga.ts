// What a saga is: one thing that several services must do, as a row that says how far it is. It moves only through `SagaStore.save`.

export type SagaState =
  /** Going forward, step by step. */
  | 'running'
  /** A step said that it cannot be: the steps that were done are undone, the last one first. */
  | 'undoing'
  | 'done'
  | 'undone';

export interface Saga {
  readonly id: string;
  readonly kind: string;
  readonly state: SagaState;
  /** The step that comes next, or that is undone next. */
  readonly step: string;
  /** What the steps need to know; JSON. Steps may add to it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Tries of the present step. */
  readonly attempts: number;
  /** When it is looked at next, ms since 1970. */
  readonly dueAt: number;
  /** When it should have ended, ms since 1970; later it is overdue, and told to the operator. */
  readonly deadlineAt: number;
  readonly createdAt: number;
  /** Why the present step was not done yet, or why the saga is undone. Never anybody's data. */
  readonly reason: string | null;
  /** Grows with every save: who saves an old one is told no. */
  readonly version: number;
}

/** Where sagas are kept: in the database of the service that leads them. */
export interface SagaStore {
  /** Sagas that are due, in order of dueAt; their dueAt is moved to `now + leaseMs`, so that nobody else takes them meanwhile. */
  take(now: number, leaseMs: number, limit: number): Promise<readonly Saga[]>;
  /** Saves it as version + 1. false: somebody else moved it. */
  save(saga: Saga): Promise<boolean>;
  /** The newest first. `open`: only those that have not ended. */
  list(options: { readonly open: boolean; readonly limit: number }): Promise<readonly Saga[]>;
  /** Makes the unended ones due now; answers how many. */
  hurry(now: number): Promise<number>;
}

export type StepOutcome =
  /** The next step. `data` is added to the saga's. */
  | { readonly status: 'done'; readonly data?: Readonly<Record<string, unknown>> }
  /** Going on: ask again soon. `data`: how far it came, added to the saga's; with it the step is run again at once. */
  | { readonly status: 'again'; readonly data?: Readonly<Record<string, unknown>> }
  /** It cannot be: undo what was done. Never for what may pass. */
  | { readonly status: 'impossible'; readonly reason: string };

export interface SagaStep {
  readonly name: string;
  /** Idempotent: it comes again after a crash, an error or a timeout. What it throws is tried again. */
  run(saga: Saga): Promise<StepOutcome>;
  /** Takes back what `run` did; idempotent, also when `run` never ran. Without it there is nothing to take back. */
  undo?(saga: Saga): Promise<void>;
}

export interface SagaKind {
  readonly kind: string;
  readonly steps: readonly [SagaStep, ...SagaStep[]];
}

/** What an operator sees of a saga: never its data. */
export const sagaView = ({ id, kind, state, step, attempts, reason, createdAt, dueAt, deadlineAt }: Saga) => ({
  saga: id,
  kind,
  state,
  step,
  attempts,
  reason,
  createdAt,
  dueAt,
  deadlineAt,
});
