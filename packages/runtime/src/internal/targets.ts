// Where services are: a pool of kept connections and a breaker for each address. Takes the next address when one is away,
// but repeats a call that may have been taken only if its caller says that this is safe.
import type { Clock } from '@parley/ports';
import { ParleyError } from '@parley/protocol';
import { type Dispatcher, Pool } from 'undici';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type Breaker, BreakerOpen, type BreakerState, createBreaker } from './breaker.ts';
import { awayError } from './checks.ts';

export interface SendOptions {
  /** May it be asked twice? */
  readonly idempotent: boolean;
  /** For all attempts together, until `attempt` resolves. */
  readonly deadlineMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** One try at one address. `leftMs`: until the deadline. Throws TargetAway, what undici throws, or a ParleyError, which is an answer. */
export type Attempt<T> = (pool: Dispatcher, signal: AbortSignal, leftMs: number) => Promise<T>;

export interface TargetState {
  readonly service: string;
  readonly url: string;
  readonly state: BreakerState;
}

export interface Targets {
  /** Throws what the attempt answers with, or ParleyError('unavailable'). */
  send<T>(service: string, options: SendOptions, attempt: Attempt<T>): Promise<T>;
  states(): readonly TargetState[];
  problems(): readonly string[];
  close(): Promise<void>;
}

export interface TargetsDeps {
  /** Service -> its addresses, taken in turn. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

/** The target is not there or did not answer. `taken`: may it have taken the request? */
export class TargetAway extends Error {
  override readonly name = 'TargetAway';
  readonly taken: boolean;
  constructor(message: string, taken: boolean, cause?: unknown) {
    super(message, { cause });
    this.taken = taken;
  }
}
/** The caller went away first. */
class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

const CONNECT_MS = 1_000;
const PROBE_MS = 2_000;
const CONNECTIONS = 128;
/** Before anything was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_INVALID_URL']);
const STATE_NUMBER = { closed: 0, 'half-open': 0.5, open: 1 } as const;

interface Group {
  readonly targets: readonly Target[];
  /** Counts up: who is asked first. */
  next: number;
  readonly budget: RetryBudget;
}

interface Target {
  readonly url: string;
  readonly pool: Pool;
  readonly breaker: Breaker;
}

export function createTargets(deps: TargetsDeps): Targets {
  const { urls, clock } = deps;
  const gauge = deps.metrics?.gauge('parley_breaker_state', 'Is a target away? 0 closed, 0.5 half open, 1 open', ['service', 'target']);
  const opened = deps.metrics?.counter('parley_breaker_opened_total', 'How often a target was found away', ['service', 'target']);
  const byService = new Map<string, Group>(
    Object.entries(urls).map(([service, list]) => {
      const targets = list.map((url) =>
        createTarget(service, url, deps, (state) => {
          gauge?.set({ service, target: new URL(url).host }, STATE_NUMBER[state]);
          if (state === 'open') opened?.inc({ service, target: new URL(url).host });
        }),
      );
      for (const { url } of targets) gauge?.set({ service, target: new URL(url).host }, 0);
      const group: Group = { targets, next: 0, budget: createRetryBudget() };
      return [service, group];
    }),
  );
  const all = [...byService].flatMap(([service, { targets }]) => targets.map((target) => ({ service, target })));

  return {
    async send(service, options, attempt) {
      const group = byService.get(service);
      if (group === undefined || group.targets.length === 0) throw awayError(service);
      const start = group.next++ % group.targets.length;
      const inTurn = [...group.targets.slice(start), ...group.targets.slice(0, start)];
      const usable = inTurn.filter(({ breaker }) => breaker.state() === 'closed');
      if (usable.length === 0) throw awayError(service, new BreakerOpen(`every address of ${service} is known to be away`));
      group.budget.earn();
      return await sendInTurn(service, usable, options, attempt, clock, group.budget);
    },
    states: () => all.map(({ service, target }) => ({ service, url: target.url, state: target.breaker.state() })),
    problems: () =>
      all.filter(({ target }) => target.breaker.state() !== 'closed').map(({ service, target }) => `${service} at ${target.url} does not answer.`),
    async close() {
      for (const { target } of all) target.breaker.stop();
      await Promise.all(all.map(({ target }) => target.pool.destroy()));
    },
  };
}

function createTarget(service: string, url: string, { clock, logger }: TargetsDeps, onChange: (state: BreakerState) => void): Target {
  const pool = new Pool(new URL(url).origin, { connections: CONNECTIONS, connect: { timeout: CONNECT_MS }, headersTimeout: 0, bodyTimeout: 0 });
  const breaker = createBreaker({
    name: `${service} at ${url}`,
    isAway: (error) => error instanceof TargetAway,
    isAbandoned: (error) => error instanceof Abandoned,
    probe: () => attemptOnce(`${service} at ${url}`, pool, PROBE_MS, clock, undefined, probeHealth),
    onChange: (state) => {
      onChange(state);
      if (state === 'open') logger.warn({ service, url }, 'does not answer: not asked again until it is back');
      if (state === 'closed') logger.info({ service, url }, 'answers again');
    },
  });
  return { url, pool, breaker };
}

const probeHealth: Attempt<void> = async (pool, signal) => {
  const response = await pool.request({ method: 'GET', path: '/health/live', signal });
  await response.body.dump();
  if (response.statusCode !== 200) throw new TargetAway(`health says ${response.statusCode}`, false);
};

async function sendInTurn<T>(
  service: string,
  targets: readonly Target[],
  { idempotent, deadlineMs, signal }: SendOptions,
  attempt: Attempt<T>,
  clock: Clock,
  budget: RetryBudget,
): Promise<T> {
  const end = clock.monotonic() + deadlineMs;
  let cause: unknown;
  for (const [at, target] of targets.entries()) {
    const left = end - clock.monotonic();
    if (left <= 0) break;
    // What may be asked again leaves time for it, else a target that hangs would eat the whole deadline.
    const mayRepeat = idempotent && at < targets.length - 1;
    try {
      return await target.breaker.run(() => attemptOnce(`${service} at ${target.url}`, target.pool, mayRepeat ? left / 2 : left, clock, signal, attempt));
    } catch (error) {
      cause = error;
      if (error instanceof BreakerOpen) continue;
      if (error instanceof Abandoned) break;
      if (!(error instanceof TargetAway)) throw error;
      if (error.taken && !(mayRepeat && budget.spend())) break;
    }
  }
  throw awayError(service, cause);
}

async function attemptOnce<T>(name: string, pool: Pool, ms: number, clock: Clock, outer: AbortSignal | undefined, attempt: Attempt<T>): Promise<T> {
  const own = new AbortController();
  let late = false;
  const timer = clock.after(ms, () => {
    late = true;
    own.abort();
  });
  const signal = outer === undefined ? own.signal : AbortSignal.any([own.signal, outer]);
  try {
    return await attempt(pool, signal, ms);
  } catch (error) {
    if (error instanceof ParleyError || error instanceof TargetAway) throw error;
    if (late) throw new TargetAway(`${name} took longer than ${Math.round(ms)} ms`, true, error);
    if (outer?.aborted) throw new Abandoned('nobody waits for the answer', { cause: error });
    const code = (error as { code?: unknown }).code;
    if (typeof code !== 'string' || code === 'UND_ERR_INVALID_ARG') throw error;
    throw new TargetAway(`${name}: ${code}`, !NOT_SENT.has(code), error);
  } finally {
    timer.cancel();
  }
}

interface RetryBudget {
  earn(): void;
  /** May one more call be repeated? */
  spend(): boolean;
}

/** One repeat for ten calls: repeats must not become the load that keeps a service down. */
function createRetryBudget(): RetryBudget {
  let tokens = 10;
  return {
    earn() {
      tokens = Math.min(10, tokens + 0.1);
    },
    spend() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
